// One binary for every part of a single-node Kubernetes; its name or first argument chooses the part.
package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	kubectl "k8s.io/kubectl/pkg/cmd"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	kubeproxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

type part func() error

// command makes a part of a cobra command; those end the process themselves when they fail.
func command(make func() *cobra.Command) part {
	return func() error { os.Exit(cli.Run(make())); return nil }
}

func parts() map[string]part {
	return map[string]part{
		"etcd":                    func() error { etcdmain.Main(os.Args); return nil },
		"kube-apiserver":          command(apiserver.NewAPIServerCommand),
		"kube-controller-manager": command(controllermanager.NewControllerManagerCommand),
		"kube-proxy":              command(kubeproxy.NewProxyCommand),
		"kube-scheduler":          command(func() *cobra.Command { return scheduler.NewSchedulerCommand() }),
		"kubectl":                 command(kubectl.NewDefaultKubectlCommand),
		"kubelet": command(func() *cobra.Command {
			return kubelet.NewKubeletCommand(context.Background())
		}),
		"discovery": discovery,
		"forward":   forward,
		"policies":  policies,
	}
}

func main() {
	all := parts()
	name := filepath.Base(os.Args[0])
	if _, known := all[name]; !known && len(os.Args) > 1 {
		os.Args = os.Args[1:]
		name = os.Args[0]
	}
	run, known := all[name]
	if !known {
		names := strings.Join(slices.Sorted(maps.Keys(all)), ", ")
		fmt.Fprintf(os.Stderr, "%s is no part of a cluster; there are: %s\n", name, names)
		os.Exit(2)
	}
	if err := run(); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(1)
	}
}
