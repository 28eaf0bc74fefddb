//! Pictures of products: in a folder, or in an S3 bucket. What a file is, its bytes tell, not its name or header. A file is
//! named by its content, so it never changes and may be cached for ever.

use std::{path::PathBuf, sync::Arc};

use anyhow::Context;
use bytes::Bytes;
use object_store::{
    ObjectStore, ObjectStoreExt, aws::AmazonS3Builder, local::LocalFileSystem, path::Path, prefix::PrefixStore,
};
use sha2::{Digest, Sha256};

use crate::{
    config::Config,
    data_folder,
    error::{Error, Result},
};

pub struct Images {
    store: Arc<dyn ObjectStore>,
    /// Where the store is a folder.
    folder: Option<PathBuf>,
    limit: usize,
}

impl Images {
    /// # Errors
    /// A folder that can't be made, a bucket whose description can't be read.
    pub fn open(config: &Config) -> anyhow::Result<Self> {
        let (store, folder): (Arc<dyn ObjectStore>, _) = match &config.images {
            Some(url) => (s3(config, url).context("WAYFARE_IMAGES can't be used")?, None),
            None => {
                let folder = config.data_dir.join("images");
                data_folder::make_inner(&folder).with_context(|| format!("{} can't be made", folder.display()))?;
                (Arc::new(LocalFileSystem::new_with_prefix(&folder)?), Some(folder))
            }
        };
        Ok(Self { store, folder, limit: config.image_limit })
    }

    /// Keeps a picture; gives its file name.
    ///
    /// # Errors
    /// 413 for one that is too large, 415 for one that is no PNG, JPEG, WebP or GIF, 503 when the store is away.
    pub async fn keep(&self, bytes: Vec<u8>) -> Result<String> {
        if bytes.len() > self.limit {
            return Err(Error::too_large("image_too_large", format!("A picture has at most {} bytes.", self.limit)));
        }
        let kind = sniff(&bytes)
            .ok_or_else(|| Error::unsupported("not_an_image", "Send a PNG, JPEG, WebP or GIF picture."))?;
        let digest = Sha256::digest(&bytes);
        let name = digest[..16].iter().fold(String::new(), |name, byte| format!("{name}{byte:02x}")) + "." + kind;
        self.store.put(&Path::from(name.as_str()), bytes.into()).await.map_err(|cause| away().because(cause))?;
        if let Some(folder) = &self.folder {
            data_folder::close_file(&folder.join(&name));
        }
        Ok(name)
    }

    /// # Errors
    /// 404 for a name that no picture has, 503 when the store is away.
    pub async fn read(&self, name: &str) -> Result<(Bytes, &'static str)> {
        let kind = kind(name).ok_or_else(|| Error::no("image"))?;
        let found = self.store.get(&Path::from(name)).await.map_err(|cause| match cause {
            object_store::Error::NotFound { .. } => Error::no("image"),
            cause => away().because(cause),
        })?;
        Ok((found.bytes().await.map_err(|cause| away().because(cause))?, kind))
    }
}

fn away() -> Error {
    Error::unavailable("images_away", "The pictures are away for a moment; try again.").retry_after(5)
}

fn s3(config: &Config, url: &str) -> anyhow::Result<Arc<dyn ObjectStore>> {
    let place = url.strip_prefix("s3://").context("begin it with s3://")?;
    let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
    let mut builder = AmazonS3Builder::from_env().with_bucket_name(bucket).with_region(&config.s3_region);
    if let Some(endpoint) = &config.s3_endpoint {
        builder = builder.with_endpoint(endpoint).with_allow_http(endpoint.starts_with("http://"));
    }
    if let (Some(access), Some(secret)) = (&config.s3_access_key, &config.s3_secret_key) {
        builder = builder.with_access_key_id(access.expose()).with_secret_access_key(secret.expose());
    }
    Ok(Arc::new(PrefixStore::new(builder.build()?, prefix)))
}

fn sniff(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Some("png"),
        [0xff, 0xd8, 0xff, ..] => Some("jpg"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("webp"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("gif"),
        _ => None,
    }
}

/// The type of a name that [`Images::keep`] could have given.
fn kind(name: &str) -> Option<&'static str> {
    let (digest, extension) = name.split_once('.')?;
    if digest.len() != 32 || !digest.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    match extension {
        "png" => Some("image/png"),
        "jpg" => Some("image/jpeg"),
        "webp" => Some("image/webp"),
        "gif" => Some("image/gif"),
        _ => None,
    }
}
