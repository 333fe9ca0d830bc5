package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

const digestAnnotation = "peer/digest"

type nodeObjects struct {
	configMap   *corev1.ConfigMap
	service     *corev1.Service
	statefulSet *appsv1.StatefulSet
}

func objectsOf(pinot *unstructured.Unstructured, spec pinotSpec, node node) nodeObjects {
	labels := map[string]string{"app": pinot.GetName(), "node": node.Name}
	meta := metav1.ObjectMeta{
		Name:            pinot.GetName() + "-" + node.Name,
		Namespace:       pinot.GetNamespace(),
		Labels:          labels,
		OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(pinot, pinotKind)},
	}
	config := k8sConfigOf(spec, node.K8sConfig)
	data := dataOf(spec, node.NodeConfig)
	serviceSpec := *config.Service.DeepCopy()
	serviceSpec.Selector = labels
	setSpec := statefulSetSpec(meta.Name, labels, node, config, digestOf(data))

	setMeta := *meta.DeepCopy()
	setMeta.Annotations = map[string]string{digestAnnotation: digestOf(data, serviceSpec, setSpec)}
	return nodeObjects{
		configMap:   &corev1.ConfigMap{TypeMeta: typeMeta("v1", "ConfigMap"), ObjectMeta: meta, Data: data},
		service:     &corev1.Service{TypeMeta: typeMeta("v1", "Service"), ObjectMeta: meta, Spec: serviceSpec},
		statefulSet: &appsv1.StatefulSet{TypeMeta: typeMeta("apps/v1", "StatefulSet"), ObjectMeta: setMeta, Spec: setSpec},
	}
}

func statefulSetSpec(name string, labels map[string]string, node node, config k8sConfig, digest string) appsv1.StatefulSetSpec {
	container := corev1.Container{
		Name:           node.Name,
		Image:          config.Image,
		Env:            config.Env,
		Ports:          config.Ports,
		LivenessProbe:  config.LivenessProbe,
		ReadinessProbe: config.ReadinessProbe,
		VolumeMounts:   []corev1.VolumeMount{{Name: "config", MountPath: "/var/pinot/config"}},
	}
	var claims []corev1.PersistentVolumeClaim
	for _, each := range config.Storage {
		claims = append(claims, corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: each.Name}, Spec: each.Spec})
		container.VolumeMounts = append(container.VolumeMounts, corev1.VolumeMount{Name: each.Name, MountPath: each.MountPath})
	}
	volume := corev1.Volume{Name: "config"}
	volume.ConfigMap = &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: name}}
	return appsv1.StatefulSetSpec{
		Replicas:             &node.Replicas,
		ServiceName:          name,
		Selector:             &metav1.LabelSelector{MatchLabels: labels},
		VolumeClaimTemplates: claims,
		Template: corev1.PodTemplateSpec{
			ObjectMeta: metav1.ObjectMeta{Labels: labels, Annotations: map[string]string{"peer/config": digest}},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{container}, Volumes: []corev1.Volume{volume}},
		},
	}
}

func k8sConfigOf(spec pinotSpec, name string) k8sConfig {
	for _, each := range spec.K8sConfig {
		if each.Name == name {
			return each
		}
	}
	return k8sConfig{}
}

func dataOf(spec pinotSpec, name string) map[string]string {
	for _, each := range spec.NodeConfig {
		if each.Name == name {
			return map[string]string{"pinot.conf": each.Data, "java_opts": each.JavaOpts}
		}
	}
	return nil
}

func digestOf(values ...any) string {
	hash := sha256.New()
	// What is encoded here was decoded from JSON, so it can be encoded again.
	_ = json.NewEncoder(hash).Encode(values)
	return hex.EncodeToString(hash.Sum(nil)[:8])
}

func typeMeta(apiVersion, kind string) metav1.TypeMeta {
	return metav1.TypeMeta{APIVersion: apiVersion, Kind: kind}
}
