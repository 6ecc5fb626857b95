package main

import (
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/scheme"
)

var (
	groupVersion  = schema.GroupVersion{Group: "example.com", Version: "v1"}
	schemeBuilder = &scheme.Builder{GroupVersion: groupVersion}
)

func init() { schemeBuilder.Register(&Database{}, &DatabaseList{}) }

type BackupSpec struct {
	// +kubebuilder:default="0 3 * * *"
	Schedule string `json:"schedule,omitempty"`
	// +kubebuilder:default=7
	// +kubebuilder:validation:Minimum=1
	Keep int32 `json:"keep,omitempty"`
}

// +kubebuilder:validation:XValidation:rule="int(self.version) >= int(oldSelf.version)",message="data cannot go back to an older version",fieldPath=".version"
type DatabaseSpec struct {
	// +kubebuilder:validation:Enum="16";"17";"18"
	// +kubebuilder:default="17"
	Version string `json:"version,omitempty"`
	// +kubebuilder:default=1
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=5
	Replicas int32 `json:"replicas,omitempty"`
	// +kubebuilder:default="1Gi"
	Storage resource.Quantity `json:"storage,omitempty"`
	// +optional
	Backup *BackupSpec `json:"backup,omitempty"`
}

type DatabaseStatus struct {
	Version            string             `json:"version,omitempty"`
	Ready              int32              `json:"ready"`
	ObservedGeneration int64              `json:"observedGeneration,omitempty"`
	Conditions         []metav1.Condition `json:"conditions,omitempty"`
}

// +kubebuilder:object:root=true
// +kubebuilder:resource:shortName=db
// +kubebuilder:subresource:status
// +kubebuilder:subresource:scale:specpath=.spec.replicas,statuspath=.status.ready
// +kubebuilder:printcolumn:name="Version",type=string,JSONPath=`.status.version`
// +kubebuilder:printcolumn:name="Replicas",type=integer,JSONPath=`.spec.replicas`
// +kubebuilder:printcolumn:name="Ready",type=integer,JSONPath=`.status.ready`
type Database struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Spec              DatabaseSpec   `json:"spec,omitempty"`
	Status            DatabaseStatus `json:"status,omitempty"`
}

// +kubebuilder:object:root=true
type DatabaseList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Database `json:"items"`
}
