package main

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const fieldOwner = client.FieldOwner("peer")

type reconciler struct{ client.Client }

// Reconcile creates what is missing at once, and changes what exists in order, one workload at a time: each must be
// done before the next is touched. The Owns watch wakes it when one is.
func (r *reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	pinot := emptyPinot()
	if err := r.Get(ctx, request.NamespacedName, pinot); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if pinot.GetDeletionTimestamp() != nil {
		return ctrl.Result{}, nil
	}
	spec, err := specOf(pinot)
	if err != nil {
		return ctrl.Result{}, err
	}
	for _, role := range spec.DeploymentOrder {
		for _, node := range spec.Nodes {
			if node.NodeType != role {
				continue
			}
			goOn, err := r.reconcileNode(ctx, objectsOf(pinot, spec, node))
			if err != nil || !goOn {
				return ctrl.Result{}, err
			}
		}
	}
	return ctrl.Result{}, nil
}

// reconcileNode tells whether the next workload may be looked at.
func (r *reconciler) reconcileNode(ctx context.Context, wanted nodeObjects) (bool, error) {
	live := &appsv1.StatefulSet{}
	err := r.Get(ctx, client.ObjectKeyFromObject(wanted.statefulSet), live)
	if apierrors.IsNotFound(err) {
		return true, r.applyAll(ctx, wanted)
	}
	if err != nil {
		return false, err
	}
	if isAsApplied(live, wanted.statefulSet) {
		return isDone(live) || isFirst(live), nil
	}
	return false, r.applyAll(ctx, wanted)
}

func (r *reconciler) applyAll(ctx context.Context, wanted nodeObjects) error {
	for _, object := range []client.Object{wanted.configMap, wanted.service, wanted.statefulSet} {
		content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
		if err != nil {
			return err
		}
		manifest := &unstructured.Unstructured{Object: content}
		unstructured.RemoveNestedField(manifest.Object, "status")
		unstructured.RemoveNestedField(manifest.Object, "metadata", "creationTimestamp")
		unstructured.RemoveNestedField(manifest.Object, "spec", "template", "metadata", "creationTimestamp")
		applied := client.ApplyConfigurationFromUnstructured(manifest)
		if err := r.Apply(ctx, applied, fieldOwner, client.ForceOwnership); err != nil {
			return err
		}
	}
	return nil
}

func isAsApplied(live, wanted *appsv1.StatefulSet) bool {
	if live.Annotations[digestAnnotation] != wanted.Annotations[digestAnnotation] {
		return false
	}
	return live.Spec.Template.Spec.Containers[0].Image == wanted.Spec.Template.Spec.Containers[0].Image
}

func isDone(live *appsv1.StatefulSet) bool {
	replicas, status := *live.Spec.Replicas, live.Status
	return status.ObservedGeneration >= live.Generation && status.UpdatedReplicas == replicas && status.ReadyReplicas == replicas
}

// isFirst tells that the workload has never been upgraded: it may start beside the others.
func isFirst(live *appsv1.StatefulSet) bool { return live.Generation == 1 }
