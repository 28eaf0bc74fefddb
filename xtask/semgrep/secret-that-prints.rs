// ruleid: secret-that-prints
#[derive(Clone, Debug)]
pub struct Credentials {
    pub email: String,
    pub password: String,
}

// ok: secret-that-prints
#[derive(Object)]
pub struct Renewal {
    pub refresh_token: String,
}

// ok: secret-that-prints
#[derive(Debug)]
pub struct Config {
    pub s3_secret_key: Option<Secret>,
}
