package main

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var pinotKind = schema.GroupVersionKind{Group: "datainfra.io", Version: "v1beta1", Kind: "Pinot"}

type pinotSpec struct {
	DeploymentOrder []string     `json:"deploymentOrder"`
	Nodes           []node       `json:"nodes"`
	K8sConfig       []k8sConfig  `json:"k8sConfig"`
	NodeConfig      []nodeConfig `json:"pinotNodeConfig"`
}

type node struct {
	Name       string `json:"name"`
	Replicas   int32  `json:"replicas"`
	NodeType   string `json:"nodeType"`
	K8sConfig  string `json:"k8sConfig"`
	NodeConfig string `json:"pinotNodeConfig"`
}

type k8sConfig struct {
	Name           string                 `json:"name"`
	Image          string                 `json:"image"`
	Ports          []corev1.ContainerPort `json:"port"`
	Service        corev1.ServiceSpec     `json:"service"`
	Env            []corev1.EnvVar        `json:"env"`
	LivenessProbe  *corev1.Probe          `json:"livenessProbe"`
	ReadinessProbe *corev1.Probe          `json:"readinessProbe"`
	Storage        []storage              `json:"storageConfig"`
}

type storage struct {
	Name      string                           `json:"name"`
	MountPath string                           `json:"mountPath"`
	Spec      corev1.PersistentVolumeClaimSpec `json:"spec"`
}

type nodeConfig struct {
	Name     string `json:"name"`
	JavaOpts string `json:"java_opts"`
	Data     string `json:"data"`
}

func emptyPinot() *unstructured.Unstructured {
	pinot := &unstructured.Unstructured{}
	pinot.SetGroupVersionKind(pinotKind)
	return pinot
}

func specOf(pinot *unstructured.Unstructured) (pinotSpec, error) {
	var whole struct {
		Spec pinotSpec `json:"spec"`
	}
	err := runtime.DefaultUnstructuredConverter.FromUnstructured(pinot.Object, &whole)
	return whole.Spec, err
}
