output "azure" {
  value = { account = azurerm_storage_account.this.name, container = azurerm_storage_container.this.name }
}

output "google" {
  value = { bucket = google_storage_bucket.this.name }
}
