package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"time"

	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

type target struct {
	Targets []string          `json:"targets"`
	Labels  map[string]string `json:"labels"`
}

// discovery ADDRESS KUBECONFIG answers at /pods/NAMESPACE what kubernetes_sd_configs with the role pod would find there, for
// a Prometheus that was built without it, as Debian's is, and has http_sd_configs.
func discovery() error {
	if len(os.Args) != 3 {
		return errors.New("usage: discovery ADDRESS KUBECONFIG")
	}
	access, err := clientcmd.BuildConfigFromFlags("", os.Args[2])
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(access)
	if err != nil {
		return err
	}
	answers := http.NewServeMux()
	answers.HandleFunc("GET /pods/{namespace}", func(answer http.ResponseWriter, asked *http.Request) {
		pods, err := client.CoreV1().Pods(asked.PathValue("namespace")).List(asked.Context(), meta.ListOptions{})
		if err != nil {
			http.Error(answer, err.Error(), http.StatusBadGateway)
			return
		}
		answer.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(answer).Encode(targets(pods.Items))
	})
	server := &http.Server{Addr: os.Args[1], Handler: answers, ReadHeaderTimeout: time.Second}
	return server.ListenAndServe()
}

func targets(pods []core.Pod) []target {
	found := []target{}
	for _, pod := range pods {
		if pod.Status.PodIP == "" || pod.Status.Phase != core.PodRunning {
			continue
		}
		for _, container := range pod.Spec.Containers {
			for _, port := range container.Ports {
				address := fmt.Sprintf("%s:%d", pod.Status.PodIP, port.ContainerPort)
				found = append(found, target{[]string{address}, labels(&pod, port.Name)})
			}
		}
	}
	return found
}

var notInNames = regexp.MustCompile(`[^a-zA-Z0-9_]`)

func labels(pod *core.Pod, port string) map[string]string {
	labels := map[string]string{
		"__meta_kubernetes_namespace":               pod.Namespace,
		"__meta_kubernetes_pod_name":                pod.Name,
		"__meta_kubernetes_pod_container_port_name": port,
	}
	for name, value := range pod.Labels {
		labels["__meta_kubernetes_pod_label_"+notInNames.ReplaceAllString(name, "_")] = value
	}
	return labels
}
