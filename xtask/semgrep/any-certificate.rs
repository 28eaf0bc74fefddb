fn client() {
    // ruleid: any-certificate
    Client::builder().danger_accept_invalid_certs(true).build();
    // ok: any-certificate
    Client::builder().add_root_certificate(own).build();
}
