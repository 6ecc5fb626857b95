package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
)

const finalizer = "example.com/last-backup"

// +kubebuilder:rbac:groups=example.com,resources=databases,verbs=get;list;watch;update;patch
// +kubebuilder:rbac:groups=example.com,resources=databases/status,verbs=update
// +kubebuilder:rbac:groups=apps,resources=statefulsets,verbs=get;list;watch;create;update;delete
// +kubebuilder:rbac:groups="",resources=services;secrets,verbs=get;list;watch;create;update;delete
// +kubebuilder:rbac:groups=batch,resources=cronjobs;jobs,verbs=get;list;watch;create;update;delete
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch
type DatabaseReconciler struct {
	client.Client
	Recorder events.EventRecorder
}

func (r *DatabaseReconciler) SetupWithManager(mgr ctrl.Manager) error {
	return ctrl.NewControllerManagedBy(mgr).
		For(&Database{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Owns(&appsv1.StatefulSet{}).
		Owns(&corev1.Service{}).
		Owns(&corev1.Secret{}).
		Owns(&batchv1.CronJob{}).
		Owns(&batchv1.Job{}).
		WithOptions(controller.Options{MaxConcurrentReconciles: 8}).
		Complete(r)
}

func (r *DatabaseReconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	var db Database
	if err := r.Get(ctx, req.NamespacedName, &db); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if !db.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, r.finalize(ctx, &db)
	}
	if controllerutil.AddFinalizer(&db, finalizer) {
		if err := r.Update(ctx, &db); err != nil {
			return ctrl.Result{}, err
		}
	}
	if err := r.ensureSecret(ctx, &db); err != nil {
		return ctrl.Result{}, err
	}
	service := &corev1.Service{ObjectMeta: r.named(&db, "")}
	if err := r.apply(ctx, &db, service, func() { setService(service, &db) }); err != nil {
		return ctrl.Result{}, err
	}
	if err := r.ensureBackups(ctx, &db); err != nil {
		return ctrl.Result{}, err
	}
	version, err := r.upgrade(ctx, &db)
	if err != nil {
		return ctrl.Result{}, err
	}
	set := &appsv1.StatefulSet{ObjectMeta: r.named(&db, "")}
	if err := r.apply(ctx, &db, set, func() { setStatefulSet(set, &db, version) }); err != nil {
		return ctrl.Result{}, err
	}
	return ctrl.Result{}, r.writeStatus(ctx, &db, version, set.Status.ReadyReplicas)
}

func (r *DatabaseReconciler) named(db *Database, suffix string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: db.Name + suffix, Namespace: db.Namespace}
}

func (r *DatabaseReconciler) apply(ctx context.Context, db *Database, child client.Object, set func()) error {
	_, err := controllerutil.CreateOrUpdate(ctx, r.Client, child, func() error {
		set()
		return controllerutil.SetControllerReference(db, child, r.Scheme())
	})
	return err
}

func (r *DatabaseReconciler) ensureSecret(ctx context.Context, db *Database) error {
	secret := &corev1.Secret{ObjectMeta: r.named(db, "")}
	return r.apply(ctx, db, secret, func() {
		if len(secret.Data["password"]) > 0 {
			return
		}
		bytes := make([]byte, 24)
		_, _ = rand.Read(bytes)
		secret.Data = map[string][]byte{"password": []byte(base64.RawURLEncoding.EncodeToString(bytes))}
	})
}

func (r *DatabaseReconciler) ensureBackups(ctx context.Context, db *Database) error {
	cron := &batchv1.CronJob{ObjectMeta: r.named(db, "")}
	if db.Spec.Backup != nil {
		return r.apply(ctx, db, cron, func() { setCronJob(cron, db) })
	}
	if err := r.Get(ctx, client.ObjectKeyFromObject(cron), cron); err != nil {
		return client.IgnoreNotFound(err)
	}
	if !metav1.IsControlledBy(cron, db) {
		return nil
	}
	return client.IgnoreNotFound(r.Delete(ctx, cron, client.PropagationPolicy(metav1.DeletePropagationBackground)))
}

// upgrade returns the version to run: the wanted one once it was backed up before.
func (r *DatabaseReconciler) upgrade(ctx context.Context, db *Database) (string, error) {
	version := db.Status.Version
	if version == "" || version == db.Spec.Version {
		return db.Spec.Version, nil
	}
	job, err := r.backupJob(ctx, db, "-before-"+db.Spec.Version, true)
	if err != nil {
		return "", err
	}
	if job.Status.Succeeded > 0 {
		return db.Spec.Version, nil
	}
	return version, nil
}

func (r *DatabaseReconciler) backupJob(ctx context.Context, db *Database, suffix string, owned bool) (*batchv1.Job, error) {
	job := &batchv1.Job{ObjectMeta: r.named(db, suffix)}
	err := r.Get(ctx, client.ObjectKeyFromObject(job), job)
	if !apierrors.IsNotFound(err) {
		return job, err
	}
	setBackupPod(&job.Spec.Template, db)
	if owned {
		if err := controllerutil.SetControllerReference(db, job, r.Scheme()); err != nil {
			return nil, err
		}
	}
	if err := r.Create(ctx, job); err != nil && !apierrors.IsAlreadyExists(err) {
		return nil, err
	}
	return job, nil
}

func (r *DatabaseReconciler) finalize(ctx context.Context, db *Database) error {
	if !controllerutil.ContainsFinalizer(db, finalizer) {
		return nil
	}
	if db.Spec.Backup != nil {
		job, err := r.backupJob(ctx, db, "-last", true)
		if err != nil {
			return err
		}
		if job.Status.Succeeded == 0 {
			r.Recorder.Eventf(db, job, corev1.EventTypeNormal, "LastBackup", "Backup", "The database goes when its last backup is done")
			return nil
		}
	}
	controllerutil.RemoveFinalizer(db, finalizer)
	return r.Update(ctx, db)
}

func (r *DatabaseReconciler) writeStatus(ctx context.Context, db *Database, version string, ready int32) error {
	before := db.Status.DeepCopy()
	db.Status.Version = version
	db.Status.Ready = ready
	db.Status.ObservedGeneration = db.Generation
	condition := metav1.Condition{Type: "Ready", Status: metav1.ConditionTrue, Reason: "Ready", ObservedGeneration: db.Generation}
	if version != db.Spec.Version {
		condition.Status, condition.Reason = metav1.ConditionFalse, "Upgrading"
		condition.Message = "backs up before " + db.Spec.Version
	} else if ready != db.Spec.Replicas {
		condition.Status, condition.Reason = metav1.ConditionFalse, "NotReady"
		condition.Message = fmt.Sprintf("%d of %d are up", ready, db.Spec.Replicas)
	}
	meta.SetStatusCondition(&db.Status.Conditions, condition)
	if equality.Semantic.DeepEqual(before, &db.Status) {
		return nil
	}
	return r.Status().Update(ctx, db)
}

func (in *DatabaseStatus) DeepCopy() *DatabaseStatus {
	out := new(DatabaseStatus)
	in.DeepCopyInto(out)
	return out
}
