// The operator of examples/operators/database written with controller-runtime, for bench/operators.ts.
package main

import (
	"flag"
	"os"

	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

func main() {
	metrics := flag.String("metrics-bind-address", "127.0.0.1:8080", "where /metrics is served")
	flag.Parse()
	ctrl.SetLogger(zap.New())
	scheme := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		fail(err, "scheme")
	}
	if err := schemeBuilder.AddToScheme(scheme); err != nil {
		fail(err, "scheme")
	}
	mgr, err := ctrl.NewManager(ctrl.GetConfigOrDie(), ctrl.Options{
		Scheme:  scheme,
		Metrics: metricsserver.Options{BindAddress: *metrics},
	})
	if err != nil {
		fail(err, "manager")
	}
	reconciler := &DatabaseReconciler{Client: mgr.GetClient(), Recorder: mgr.GetEventRecorder("database")}
	if err := reconciler.SetupWithManager(mgr); err != nil {
		fail(err, "controller")
	}
	if err := mgr.Start(ctrl.SetupSignalHandler()); err != nil {
		fail(err, "run")
	}
}

func fail(err error, what string) {
	ctrl.Log.Error(err, "unable to set up", "what", what)
	os.Exit(1)
}
