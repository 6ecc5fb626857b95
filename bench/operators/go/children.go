package main

import (
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"strconv"
)

func labelsOf(db *Database) map[string]string { return map[string]string{"app": db.Name} }

func fromSecret(db *Database) *corev1.EnvVarSource {
	return &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
		LocalObjectReference: corev1.LocalObjectReference{Name: db.Name},
		Key:                  "password",
	}}
}

func setStatefulSet(set *appsv1.StatefulSet, db *Database, version string) {
	labels := labelsOf(db)
	set.Spec.Replicas = &db.Spec.Replicas
	set.Spec.Template.Labels = labels
	if len(set.Spec.Template.Spec.Containers) == 0 {
		set.Spec.Template.Spec.Containers = []corev1.Container{{}}
	}
	container := &set.Spec.Template.Spec.Containers[0]
	container.Name = "postgres"
	container.Image = "postgres:" + version
	container.Ports = []corev1.ContainerPort{{Name: "postgres", ContainerPort: 5432, Protocol: corev1.ProtocolTCP}}
	container.Env = []corev1.EnvVar{{Name: "POSTGRES_PASSWORD", ValueFrom: fromSecret(db)}}
	container.VolumeMounts = []corev1.VolumeMount{{Name: "data", MountPath: "/var/lib/postgresql"}}
	if container.ReadinessProbe == nil {
		container.ReadinessProbe = &corev1.Probe{}
	}
	container.ReadinessProbe.Exec = &corev1.ExecAction{Command: []string{"pg_isready", "-U", "postgres"}}
	if set.CreationTimestamp.IsZero() {
		set.Spec.ServiceName = db.Name
		set.Spec.Selector = &metav1.LabelSelector{MatchLabels: labels}
		set.Spec.VolumeClaimTemplates = []corev1.PersistentVolumeClaim{{
			ObjectMeta: metav1.ObjectMeta{Name: "data"},
			Spec: corev1.PersistentVolumeClaimSpec{
				AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
				Resources: corev1.VolumeResourceRequirements{
					Requests: corev1.ResourceList{corev1.ResourceStorage: db.Spec.Storage},
				},
			},
		}}
	}
}

func setService(service *corev1.Service, db *Database) {
	service.Spec.Selector = labelsOf(db)
	if len(service.Spec.Ports) == 0 {
		service.Spec.Ports = []corev1.ServicePort{{}}
	}
	service.Spec.Ports[0].Name = "postgres"
	service.Spec.Ports[0].Port = 5432
	if service.CreationTimestamp.IsZero() {
		service.Spec.ClusterIP = corev1.ClusterIPNone
	}
}

func setBackupPod(template *corev1.PodTemplateSpec, db *Database) {
	keep := int32(1)
	if db.Spec.Backup != nil {
		keep = db.Spec.Backup.Keep
	}
	if len(template.Spec.Containers) == 0 {
		template.Spec.Containers = []corev1.Container{{}}
	}
	template.Labels = map[string]string{"backup": db.Name}
	template.Spec.RestartPolicy = corev1.RestartPolicyNever
	container := &template.Spec.Containers[0]
	container.Name = "backup"
	container.Image = "example.com/backup:1"
	container.Args = []string{"--host", db.Name, "--keep", strconv.Itoa(int(keep))}
	container.Env = []corev1.EnvVar{{Name: "PGPASSWORD", ValueFrom: fromSecret(db)}}
}

func setCronJob(cron *batchv1.CronJob, db *Database) {
	cron.Spec.Schedule = db.Spec.Backup.Schedule
	cron.Spec.ConcurrencyPolicy = batchv1.ForbidConcurrent
	setBackupPod(&cron.Spec.JobTemplate.Spec.Template, db)
}
