//! Where the bytes lie: in a folder, or in S3.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt};
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{
    BackoffConfig, ClientOptions, Error as Failure, GetResult, ObjectStore, ObjectStoreExt, RetryConfig,
};
use uuid::Uuid;

use super::model::{FileId, Variant};
use crate::clock::Timestamp;
use crate::config::{Config, FilesAt};
use crate::db::Target;
use crate::error::{Error, Reason, Result};

/// How long anything may take, tries and all.
const PATIENCE: Duration = Duration::from_secs(10);

/// Keeps the bytes of files. Clones share connections.
#[derive(Clone)]
pub struct Objects {
    store: Arc<dyn ObjectStore>,
    patience: Duration,
    about: String,
}

impl Objects {
    /// Where the configuration says; with SQLite and without a word a folder beside the
    /// database.
    ///
    /// # Errors
    /// Where nothing is said and the database is PostgreSQL's, or the folder cannot be
    /// made, or the settings of S3 are at fault.
    pub fn open(config: &Config) -> Result<Self> {
        let place = match (&config.files, &config.database) {
            (Some(place), _) => place.clone(),
            (None, Target::Sqlite(database)) => {
                let mut name = database.clone().into_os_string();
                name.push("-files");
                FilesAt::Folder(PathBuf::from(name))
            }
            (None, Target::Postgres(_)) => {
                return Err(Error::internal(
                    "ONEGRID_FILES takes a folder that all instances share, or s3://bucket/prefix: with PostgreSQL it must be set",
                ));
            }
        };
        let fault = |why: &dyn std::fmt::Display| Error::internal(format!("ONEGRID_FILES: {why}"));
        let (store, about): (Arc<dyn ObjectStore>, String) = match place {
            FilesAt::Folder(folder) => {
                std::fs::create_dir_all(&folder).map_err(|error| fault(&format!("{}: {error}", folder.display())))?;
                let store = LocalFileSystem::new_with_prefix(&folder).map_err(|error| fault(&error))?;
                let store = store.with_fsync(true).with_automatic_cleanup(true);
                (Arc::new(store), folder.display().to_string())
            }
            FilesAt::S3 { bucket, prefix } => {
                let store = s3(config, &bucket).map_err(|error| fault(&error))?;
                let about = format!("s3://{bucket}/{prefix}");
                match prefix.is_empty() {
                    true => (Arc::new(store), about),
                    false => (Arc::new(PrefixStore::new(store, prefix)), about),
                }
            }
        };
        Ok(Self {
            store,
            patience: PATIENCE,
            about,
        })
    }

    /// In words for the operator.
    pub fn about(&self) -> &str {
        &self.about
    }

    /// Writes an object; when this answers it is durable.
    pub(super) async fn put(&self, file: FileId, variant: Variant, bytes: Vec<u8>) -> Result<()> {
        let path = path_of(file.uuid(), variant);
        self.in_time(self.store.put(&path, bytes.into())).await.map(drop)
    }

    /// Opens an object, to be read as it comes.
    pub(super) async fn get(&self, file: FileId, variant: Variant) -> Result<GetResult> {
        self.in_time(self.store.get(&path_of(file.uuid(), variant))).await
    }

    /// Reads a whole object.
    pub(super) async fn read(&self, file: FileId, variant: Variant) -> Result<Vec<u8>> {
        let opened = self.get(file, variant).await?;
        Ok(self.in_time(opened.bytes()).await?.to_vec())
    }

    /// Removes all objects of a file; whether there are any is the same.
    pub(super) async fn remove(&self, file: Uuid) -> Result<()> {
        for variant in Variant::ALL {
            match self.in_time(self.store.delete(&path_of(file, variant))).await {
                Err(error) if error.reason() != Reason::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// The files of which there are objects written before a time, `each` so many at once.
    pub(super) async fn older_than<F>(
        &self,
        before: Timestamp,
        each: usize,
        mut found: impl FnMut(Vec<Uuid>) -> F,
    ) -> Result<()>
    where
        F: Future<Output = Result<()>>,
    {
        let listed = self.store.list(None).map_err(refused);
        let old = listed.try_filter_map(|object| async move {
            let is_old = object.last_modified.timestamp_micros() < before.micros();
            let file = object.location.parts().next();
            Ok(file
                .filter(|_| is_old)
                .and_then(|file| Uuid::try_parse(file.as_ref()).ok()))
        });
        let mut pages = std::pin::pin!(old.chunks(each));
        while let Some(page) = pages.next().await {
            let mut files = page.into_iter().collect::<Result<Vec<Uuid>>>()?;
            files.sort_unstable();
            files.dedup();
            found(files).await?;
        }
        Ok(())
    }

    /// Writes, reads and removes an object.
    ///
    /// # Errors
    /// Where one of it fails, or what is read is not what was written.
    pub async fn check(&self) -> Result<()> {
        let (file, said) = (FileId::new(), b"onegrid check".to_vec());
        self.put(file, Variant::Original, said.clone()).await?;
        let read = self.read(file, Variant::Original).await?;
        self.remove(file.uuid()).await?;
        match read == said {
            true => Ok(()),
            false => Err(Error::internal("what was read is not what was written")),
        }
    }

    async fn in_time<T>(&self, doing: impl Future<Output = object_store::Result<T>>) -> Result<T> {
        match tokio::time::timeout(self.patience, doing).await {
            Ok(done) => done.map_err(refused),
            Err(_) => {
                tracing::warn!("the store of files gives no answer in time");
                Err(Error::refused(Reason::FilesUnavailable))
            }
        }
    }
}

fn path_of(file: Uuid, variant: Variant) -> Path {
    Path::from_iter([file.simple().to_string().as_str(), variant.name()])
}

/// What a store says may hold addresses and keys: the log gets its kind only.
fn refused(error: Failure) -> Error {
    let kind = match error {
        Failure::NotFound { .. } => return Error::refused(Reason::NotFound),
        Failure::PermissionDenied { .. } => "it denies permission",
        Failure::Unauthenticated { .. } => "it does not take the credentials",
        Failure::NotSupported { .. } | Failure::NotImplemented { .. } => "it cannot do this",
        _ => "it does not answer as it should",
    };
    tracing::warn!(kind, "the store of files failed");
    Error::refused(Reason::FilesUnavailable)
}

fn s3(config: &Config, bucket: &str) -> object_store::Result<object_store::aws::AmazonS3> {
    let client = ClientOptions::new()
        .with_connect_timeout(Duration::from_secs(3))
        .with_timeout(PATIENCE / 2)
        .with_allow_http(true);
    let retry = RetryConfig {
        backoff: BackoffConfig::default(),
        max_retries: 2,
        retry_timeout: PATIENCE,
    };
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(bucket)
        .with_region(&config.s3_region)
        .with_client_options(client)
        .with_retry(retry)
        // Not every S3 that is not Amazon's removes many at once.
        .with_disable_bulk_delete(true);
    if let Some(endpoint) = &config.s3_endpoint {
        builder = builder.with_endpoint(endpoint);
    }
    if let Some(secret) = &config.s3_secret {
        builder = builder
            .with_access_key_id(&config.s3_key_id)
            .with_secret_access_key(secret.reveal());
    }
    builder.build()
}
