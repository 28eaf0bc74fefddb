package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/cloudnativelabs/kube-router/v2/pkg/controllers/netpol"
	"github.com/cloudnativelabs/kube-router/v2/pkg/healthcheck"
	"github.com/cloudnativelabs/kube-router/v2/pkg/options"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

// policies KUBECONFIG NODE SERVICES enforces NetworkPolicy objects by kube-router's policy controller alone.
func policies() error {
	if len(os.Args) != 4 {
		return errors.New("usage: policies KUBECONFIG NODE SERVICE-RANGE")
	}
	settings := options.NewKubeRouterConfig()
	settings.EnableIPv4 = true
	settings.Kubeconfig, settings.HostnameOverride, settings.ClusterIPCIDRs[0] = os.Args[1], os.Args[2], os.Args[3]
	settings.IPTablesSyncPeriod = 30 * time.Second
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer cancel()
	controller, err := policyController(ctx, settings)
	if err != nil {
		return err
	}
	// The controller blocks when nobody takes its heartbeats.
	heartbeats := make(chan *healthcheck.ControllerHeartbeat)
	go func() {
		for range heartbeats {
			continue
		}
	}()
	var running sync.WaitGroup
	running.Add(1)
	controller.Run(heartbeats, ctx.Done(), &running)
	running.Wait()
	return nil
}

func policyController(ctx context.Context, settings *options.KubeRouterConfig) (*netpol.NetworkPolicyController, error) {
	access, err := clientcmd.BuildConfigFromFlags("", settings.Kubeconfig)
	if err != nil {
		return nil, err
	}
	client, err := kubernetes.NewForConfig(access)
	if err != nil {
		return nil, err
	}
	watched := informers.NewSharedInformerFactory(client, 0)
	pods := watched.Core().V1().Pods().Informer()
	namespaces := watched.Core().V1().Namespaces().Informer()
	rules := watched.Networking().V1().NetworkPolicies().Informer()
	watched.Start(ctx.Done())
	watched.WaitForCacheSync(ctx.Done())
	tables, sets, err := netpol.NewIPTablesHandlers(settings)
	if err != nil {
		return nil, err
	}
	controller, err := netpol.NewNetworkPolicyController(
		client, settings, pods, rules, namespaces, &sync.Mutex{}, tables, sets)
	if err != nil {
		return nil, err
	}
	return controller, errors.Join(
		listen(pods, controller.PodEventHandler),
		listen(namespaces, controller.NamespaceEventHandler),
		listen(rules, controller.NetworkPolicyEventHandler),
	)
}

func listen(informer cache.SharedIndexInformer, handler cache.ResourceEventHandler) error {
	_, err := informer.AddEventHandler(handler)
	return err
}
