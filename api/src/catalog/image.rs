//! Where pictures of products are kept: in a folder, or in an S3 bucket. A file has a name of its own and never changes, so
//! it may be cached for ever.

use std::{path::PathBuf, sync::Arc};

use anyhow::Context;
use bytes::Bytes;
use object_store::{
    ObjectStore, ObjectStoreExt, aws::AmazonS3Builder, local::LocalFileSystem, path::Path, prefix::PrefixStore,
};
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::{
    catalog::decode::{self, Picture},
    config::Config,
    data_folder,
    error::{Error, Result},
};

pub struct Images {
    store: Arc<dyn ObjectStore>,
    /// Where the store is a folder.
    folder: Option<PathBuf>,
    limit: usize,
    turn: Semaphore,
}

/// A file that is kept.
pub struct Kept {
    pub file: String,
    pub bytes: usize,
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
        Ok(Self { store, folder, limit: config.image_limit, turn: Semaphore::new(1) })
    }

    /// The picture as it is kept: decoded and written anew, one at a time, since each may take a hundred megabytes.
    ///
    /// # Errors
    /// 413 for one that is too large, 415 for what is no picture.
    pub async fn rewritten(&self, bytes: Vec<u8>) -> Result<Picture> {
        if bytes.len() > self.limit {
            return Err(Error::too_large("image_too_large", format!("A picture has at most {} bytes.", self.limit)));
        }
        let _turn = self.turn.acquire().await.map_err(Error::internal)?;
        tokio::task::spawn_blocking(move || decode::rewritten(&bytes)).await.map_err(Error::internal)?
    }

    /// Keeps a picture under a name that no other has.
    ///
    /// # Errors
    /// 503 when the store is away.
    pub async fn keep(&self, picture: Picture) -> Result<Kept> {
        let file = format!("{}.{}", Uuid::new_v4().simple(), picture.extension);
        let bytes = picture.bytes.len();
        self.store
            .put(&Path::from(file.as_str()), picture.bytes.into())
            .await
            .map_err(|cause| away().because(cause))?;
        if let Some(folder) = &self.folder {
            data_folder::close_file(&folder.join(&file));
        }
        Ok(Kept { file, bytes })
    }

    /// Deletes a picture; one that isn't there is deleted.
    ///
    /// # Errors
    /// 503 when the store is away.
    pub async fn remove(&self, file: &str) -> Result<()> {
        match self.store.delete(&Path::from(file)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(cause) => Err(away().because(cause)),
        }
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

/// The type of a name that [`Images::keep`] could have given, in an earlier version, too.
fn kind(name: &str) -> Option<&'static str> {
    let (id, extension) = name.split_once('.')?;
    if id.len() != 32 || !id.bytes().all(|b| b.is_ascii_hexdigit()) {
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
