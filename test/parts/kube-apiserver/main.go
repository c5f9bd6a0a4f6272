// The API server of Kubernetes, made of its published modules. It keeps its objects in an etcd; there is no kubelet, scheduler or controller.
package main

import (
	"os"

	"k8s.io/component-base/cli"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

func main() {
	os.Exit(cli.Run(app.NewAPIServerCommand()))
}
