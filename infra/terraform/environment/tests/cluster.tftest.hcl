mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name               = "wayfare-test"
  kubernetes_version = "1.34"
  private_subnet_ids = ["subnet-1", "subnet-2"]
  api_from           = []
  access             = { "arn:aws:iam::000000000000:role/deployer" = { role = "deployer", namespaces = ["wayfare"] } }
  node_groups        = { usual = { instance_types = ["t3.large"], least = 2, most = 4, spot = false } }
  disk_gb            = 50
  protected          = true
  log_days           = 365
  log_key_arn        = "arn:aws:kms:eu-central-1:000000000000:key/00000000-0000-0000-0000-000000000000"
  disk_key_arn       = "arn:aws:kms:eu-central-1:000000000000:key/00000000-0000-0000-0000-000000000000"
  secrets_key_arn    = "arn:aws:kms:eu-central-1:000000000000:key/00000000-0000-0000-0000-000000000000"
  pods = { backups = {
    namespace       = "wayfare"
    service_account = "wayfare-postgres"
    policy          = "{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"s3:GetObject\",\"Resource\":\"arn:aws:s3:::backups/*\"}]}"
  } }
}

run "the_api_server_answers_inside_and_keeps_secrets_encrypted" {
  command = apply
  module {
    source = "../modules/cluster"
  }
  assert {
    condition     = aws_eks_cluster.this.vpc_config[0].endpoint_private_access && !aws_eks_cluster.this.vpc_config[0].endpoint_public_access
    error_message = "The API server answers the internet."
  }
  assert {
    condition     = one(aws_eks_cluster.this.encryption_config[0].provider).key_arn == var.secrets_key_arn && contains(aws_eks_cluster.this.encryption_config[0].resources, "secrets")
    error_message = "Kubernetes' secrets aren't encrypted by a key of ours."
  }
  assert {
    condition     = toset(aws_eks_cluster.this.enabled_cluster_log_types) == toset(["api", "audit", "authenticator", "controllerManager", "scheduler"])
    error_message = "The control plane doesn't log all that it does."
  }
  assert {
    condition     = aws_eks_cluster.this.access_config[0].authentication_mode == "API" && !aws_eks_cluster.this.access_config[0].bootstrap_cluster_creator_admin_permissions
    error_message = "Whoever made the cluster is its administrator for ever."
  }
  assert {
    condition     = toset(aws_eks_cluster.this.vpc_config[0].subnet_ids) == toset(var.private_subnet_ids) && alltrue([for group in aws_eks_node_group.this : group.subnet_ids == toset(var.private_subnet_ids)])
    error_message = "A node has a public subnet."
  }
  assert {
    condition     = aws_eks_cluster.this.deletion_protection
    error_message = "A protected cluster can be deleted."
  }
}

run "nodes_are_encrypted_and_pods_cannot_ask_for_their_credentials" {
  command = apply
  module {
    source = "../modules/cluster"
  }
  assert {
    condition     = tobool(aws_launch_template.nodes.block_device_mappings[0].ebs[0].encrypted)
    error_message = "A node's disk isn't encrypted."
  }
  assert {
    condition     = aws_launch_template.nodes.metadata_options[0].http_tokens == "required" && aws_launch_template.nodes.metadata_options[0].http_put_response_hop_limit == 1
    error_message = "A pod can take its node's credentials."
  }
  assert {
    condition     = jsondecode(aws_eks_addon.this["vpc-cni"].configuration_values).enableNetworkPolicy == "true"
    error_message = "Network policies mean nothing in this cluster."
  }
}

run "roles_are_least_privilege" {
  command = apply
  module {
    source = "../modules/cluster"
  }
  assert {
    condition     = toset([for one in aws_iam_role_policy_attachment.node : one.policy_arn]) == toset([for name in ["AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryPullOnly"] : "arn:aws:iam::aws:policy/${name}"])
    error_message = "A node may do more than a node has to."
  }
  assert {
    condition = alltrue(flatten([
      for policy in concat([for one in aws_iam_role_policy.pod : one.policy], [aws_iam_role_policy.ebs_key.policy]) : [
        for statement in jsondecode(policy).Statement :
        !contains(flatten([statement.Action]), "*") && !contains(flatten([statement.Resource]), "*")
      ]
    ]))
    error_message = "A role may do anything, or to anything."
  }
  assert {
    condition     = alltrue([for one in aws_eks_access_policy_association.this : one.access_scope[0].type == "namespace" && length(one.access_scope[0].namespaces) > 0])
    error_message = "A deployer may do more than deploy to its namespaces."
  }
  assert {
    condition     = alltrue([for role in aws_iam_role.pod : jsondecode(role.assume_role_policy).Statement[0].Principal == { Service = "pods.eks.amazonaws.com" }])
    error_message = "Others than pods of this cluster may take a pod's role."
  }
}

run "an_api_server_for_the_whole_internet_is_refused" {
  command = plan
  module {
    source = "../modules/cluster"
  }
  variables {
    api_from = ["0.0.0.0/0"]
  }
  expect_failures = [var.api_from]
}

run "a_wildcard_policy_of_a_pod_is_refused" {
  command = plan
  module {
    source = "../modules/cluster"
  }
  variables {
    pods = { everything = {
      namespace       = "wayfare"
      service_account = "wayfare"
      policy          = "{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}]}"
    } }
  }
  expect_failures = [var.pods]
}
