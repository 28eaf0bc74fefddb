# The second and third copy of the backups, with other companies: who loses or leaves AWS still has them.
# A root of its own, so that an environment without copies needs neither provider.

terraform {
  required_version = ">= 1.11"
  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = "~> 5.0"
    }
    google = {
      source  = "hashicorp/google"
      version = "~> 8.0"
    }
  }
  backend "s3" {
    use_lockfile = true
    encrypt      = true
  }
}

provider "azurerm" {
  features {}
  subscription_id     = var.azure.subscription
  storage_use_azuread = true
}

provider "google" {
  project = var.google.project
  region  = var.google.region
}

locals {
  name = "wayfare-${var.environment}"
  tags = { project = "wayfare", environment = var.environment, owner = var.owner, cost-centre = var.cost_centre }
}

resource "azurerm_resource_group" "this" {
  name     = "${local.name}-backups"
  location = var.azure.location
  tags     = local.tags
}

resource "azurerm_storage_account" "this" {
  name                              = var.azure.storage_account
  resource_group_name               = azurerm_resource_group.this.name
  location                          = azurerm_resource_group.this.location
  account_tier                      = "Standard"
  account_replication_type          = "ZRS"
  access_tier                       = "Cool"
  min_tls_version                   = "TLS1_2"
  https_traffic_only_enabled        = true
  allow_nested_items_to_be_public   = false
  public_network_access_enabled     = true
  shared_access_key_enabled         = true
  infrastructure_encryption_enabled = true
  tags                              = local.tags
  blob_properties {
    versioning_enabled = true
    delete_retention_policy {
      days = var.azure.days
    }
    container_delete_retention_policy {
      days = var.azure.days
    }
  }
  network_rules {
    default_action = "Deny"
    bypass         = ["AzureServices"]
    ip_rules       = var.from
  }
}

resource "azurerm_storage_container" "this" {
  name                  = "backups"
  storage_account_id    = azurerm_storage_account.this.id
  container_access_type = "private"
}

resource "azurerm_storage_container_immutability_policy" "this" {
  storage_container_resource_manager_id = azurerm_storage_container.this.id
  immutability_period_in_days           = var.azure.days
  protected_append_writes_all_enabled   = false
  # Once locked it can only be made longer, by anyone.
  locked = var.locked
}

resource "google_storage_bucket" "this" {
  name                        = "${local.name}-${var.google.project}-backups"
  location                    = var.google.location
  storage_class               = "ARCHIVE"
  public_access_prevention    = "enforced"
  uniform_bucket_level_access = true
  force_destroy               = false
  labels                      = { for key, value in local.tags : key => replace(replace(value, "@", "_at_"), ".", "_") }
  retention_policy {
    retention_period = var.google.years * 365 * 24 * 3600
    is_locked        = var.locked
  }
  versioning {
    enabled = false
  }
  encryption {
    default_kms_key_name = google_kms_crypto_key.this.id
  }
}

resource "google_kms_key_ring" "this" {
  name     = "${local.name}-backups"
  location = var.google.location
}

resource "google_kms_crypto_key" "this" {
  name            = "backups"
  key_ring        = google_kms_key_ring.this.id
  rotation_period = "7776000s"
  lifecycle {
    # Without the key seven years of backups are noise.
    prevent_destroy = true
  }
}
