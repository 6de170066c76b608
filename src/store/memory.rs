//! A store that ends with the process: for tests and demonstrations. It keeps the contract of every store, and can be
//! told to fail, so that what follows a failed commit can be tried.

use super::*;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A log in memory. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    state: Arc<Mutex<State>>,
    options: Options,
}

#[derive(Debug, Default)]
struct State {
    log: Log,
    held: bool,
    /// How many commits fail, and whether after having written.
    failing: (usize, bool),
}

#[derive(Debug, Clone, Default)]
struct Log {
    entries: BTreeMap<Seq, Arc<Entry>>,
    /// The later entries of applications.
    later: BTreeMap<EntryId, Vec<Seq>>,
    settled_requests: BTreeMap<u64, Seq>,
    settled_through: Seq,
    checkpoints: BTreeMap<Seq, Vec<u8>>,
    artifacts: BTreeMap<Digest, Vec<u8>>,
    generations: Vec<GenerationRef>,
    api_keys: Vec<ApiKey>,
    endpoints: Vec<WebhookEndpoint>,
    deliveries: BTreeMap<DeliveryKey, Delivery>,
    deliveries_put: i64,
    bytes: u64,
}

impl Memory {
    /// An empty log.
    pub fn new(options: &Options) -> Self {
        Self { state: Arc::default(), options: options.clone() }
    }

    /// A seam for tests: the next `count` commits fail, before anything is written or after all of it has been. Both
    /// look alike to the caller, as a lost connection or a failed fsync does.
    pub fn fail_commits(&self, count: usize, after_write: bool) {
        self.lock().failing = (count, after_write);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for Memory {
    fn writer(&self) -> Result<Box<dyn Writer>, StoreError> {
        let mut state = self.lock();
        if std::mem::replace(&mut state.held, true) {
            return Err(StoreError::Held("memory".into()));
        }
        Ok(Box::new(MemoryWriter { memory: self.clone(), failed: false }))
    }

    fn reader(&self) -> Result<Box<dyn Reader>, StoreError> {
        Ok(Box::new(MemoryReader(self.clone())))
    }

    fn put_api_key(&self, key: &ApiKey) -> Result<(), StoreError> {
        let keys = &mut self.lock().log.api_keys;
        match keys.iter_mut().find(|known| known.digest == key.digest) {
            Some(known) => known.revoked_at = key.revoked_at,
            None => keys.push(key.clone()),
        }
        keys.sort_by(|a, b| (a.created_at, &a.prefix).cmp(&(b.created_at, &b.prefix)));
        Ok(())
    }

    fn put_webhook_endpoint(&self, endpoint: &WebhookEndpoint) -> Result<(), StoreError> {
        let endpoints = &mut self.lock().log.endpoints;
        endpoints.retain(|known| known.id != endpoint.id);
        endpoints.push(endpoint.clone());
        endpoints.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        Ok(())
    }

    fn disable_webhook_endpoint(&self, id: &str, at: Timestamp) -> Result<(), StoreError> {
        let endpoints = &mut self.lock().log.endpoints;
        endpoints.iter_mut().filter(|known| *known.id == *id).for_each(|known| {
            known.disabled_at.get_or_insert(at);
        });
        Ok(())
    }

    fn remove_webhook_endpoint(&self, id: &str) -> Result<(), StoreError> {
        let log = &mut self.lock().log;
        log.endpoints.retain(|known| *known.id != *id);
        log.deliveries.retain(|key, _| *key.endpoint != *id);
        Ok(())
    }

    fn put_deliveries(&self, deliveries: &[Delivery]) -> Result<(), StoreError> {
        let log = &mut self.lock().log;
        log.deliveries.extend(deliveries.iter().map(|delivery| (delivery.key.clone(), delivery.clone())));
        log.deliveries_put += 1;
        Ok(())
    }
}

struct MemoryWriter {
    memory: Memory,
    failed: bool,
}

impl Drop for MemoryWriter {
    fn drop(&mut self) {
        self.memory.lock().held = false;
    }
}

impl MemoryWriter {
    fn write(&self, batch: &Batch) -> Result<(), StoreError> {
        let state = &mut *self.memory.lock();
        let failing = state.failing.0 > 0;
        state.failing.0 -= usize::from(failing);
        let failure = || Err(StoreError::Unusable("told to fail".into()));
        if failing && !state.failing.1 {
            return failure();
        }
        state.log.check(batch, self.memory.options.max_bytes)?;
        state.log.write(batch);
        if failing { failure() } else { Ok(()) }
    }
}

impl Writer for MemoryWriter {
    fn commit(&mut self, batch: &Batch) -> Result<(), StoreError> {
        if self.failed {
            return Err(after_failure());
        }
        let result = self.write(batch);
        self.failed = result.is_err();
        result
    }

    fn keep_artifacts(&mut self, artifacts: &[(Digest, &[u8])]) -> Result<(), StoreError> {
        let kept = &mut self.memory.lock().log.artifacts;
        for (digest, bytes) in artifacts {
            kept.entry(*digest).or_insert_with(|| bytes.to_vec());
        }
        Ok(())
    }

    fn keep_generation(&mut self, generation: &GenerationRef) -> Result<(), StoreError> {
        let kept = &mut self.memory.lock().log.generations;
        if !kept.contains(generation) {
            kept.push(generation.clone());
        }
        Ok(())
    }
}

impl Log {
    /// Whether the batch can be written.
    fn check(&self, batch: &Batch, max_bytes: Option<u64>) -> Result<(), StoreError> {
        let mut last = self.entries.last_key_value().map(|(seq, _)| *seq);
        for entry in &batch.entries {
            let seq = entry.id.seq();
            if last.is_some_and(|last| seq <= last) {
                return Err(not_ascending());
            }
            if record::generation(entry).is_some_and(|generation| !self.generations.contains(generation)) {
                return Err(generation_not_kept());
            }
            last = Some(seq);
        }
        match max_bytes {
            Some(max) if self.bytes + size(batch) > max => Err(StoreError::Full(format!("memory, {max} bytes"))),
            _ => Ok(()),
        }
    }

    fn write(&mut self, batch: &Batch) {
        self.bytes += size(batch);
        for entry in &batch.entries {
            let seq = entry.id.seq();
            if entry.application != entry.id {
                self.later.entry(entry.application).or_default().push(seq);
            }
            self.entries.insert(seq, entry.clone());
        }
        for (fingerprint, seq) in &batch.settled_requests {
            self.settled_requests.entry(*fingerprint).or_insert(*seq);
            self.settled_through = self.settled_through.max(*seq);
        }
        if let Some(checkpoint) = &batch.checkpoint {
            self.checkpoints.insert(checkpoint.through, checkpoint.bytes.clone());
        }
        self.deliveries.extend(batch.deliveries.iter().map(|delivery| (delivery.key.clone(), delivery.clone())));
        batch.delivered.iter().for_each(|key| drop(self.deliveries.remove(key)));
    }
}

/// The bytes of a batch, in the stored schema.
fn size(batch: &Batch) -> u64 {
    let mut event = Vec::new();
    let entries = batch.entries.iter().map(|entry| {
        record::encode(entry, 0, &mut event);
        event.len() + entry.subject.as_ref().map_or(0, |subject| subject.0.len())
    });
    let checkpoint = batch.checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.bytes.len());
    (entries.sum::<usize>() + checkpoint + 16 * batch.settled_requests.len()) as u64
}

struct MemoryReader(Memory);

impl MemoryReader {
    #[expect(clippy::unnecessary_wraps, reason = "a look-up of the trait may fail")]
    fn read<T>(&self, look_up: impl FnOnce(&Log) -> T) -> Result<T, StoreError> {
        Ok(look_up(&self.0.lock().log))
    }
}

impl Reader for MemoryReader {
    fn entry(&mut self, id: EntryId) -> Result<Option<Entry>, StoreError> {
        Ok(self.entry_at(id.seq())?.filter(|entry| entry.id == id))
    }

    fn entry_at(&mut self, seq: Seq) -> Result<Option<Entry>, StoreError> {
        self.read(|log| log.entries.get(&seq).map(|entry| Entry::clone(entry)))
    }

    fn history(&mut self, application: EntryId) -> Result<Vec<Entry>, StoreError> {
        let first = self.entry(application)?.filter(|entry| entry.application == entry.id);
        let Some(first) = first else { return Ok(Vec::new()) };
        self.read(|log| {
            let later = log.later.get(&application).into_iter().flatten().filter_map(|seq| log.entries.get(seq));
            std::iter::once(first).chain(later.map(|entry| Entry::clone(entry))).collect()
        })
    }

    fn tail(&mut self, after: Seq, limit: usize) -> Result<Vec<Entry>, StoreError> {
        self.read(|log| {
            let entries = log.entries.range(Seq(after.0.saturating_add(1))..).take(limit);
            entries.map(|(_, entry)| Entry::clone(entry)).collect()
        })
    }

    fn last(&mut self) -> Result<Option<Seq>, StoreError> {
        self.read(|log| log.entries.last_key_value().map(|(seq, _)| *seq))
    }

    fn list(&mut self, query: &ListQuery) -> Result<Page, StoreError> {
        self.read(|log| {
            let mut page = Page::default();
            let older = log.entries.range(..query.before.unwrap_or(Seq(i64::MAX))).rev();
            for (read, (seq, entry)) in older.enumerate() {
                let mut summary = record::Row::of(entry, &[]).summary();
                // Where the application stands now, not where it began.
                let later = log.later.get(&entry.id).into_iter().flatten().rev();
                let states = later.filter_map(|seq| record::Row::of(log.entries.get(seq)?, &[]).state);
                summary.state = states.take(1).next().or(summary.state);
                if summary.answers(query) {
                    page.entries.push(Entry::clone(entry));
                }
                if page.entries.len() >= query.limit || read + 1 == LIST_ROWS {
                    page.next = Some(*seq);
                    break;
                }
            }
            page
        })
    }

    fn settled_request(&mut self, fingerprint: u64) -> Result<Option<Seq>, StoreError> {
        self.read(|log| log.settled_requests.get(&fingerprint).copied())
    }

    fn settled_through(&mut self) -> Result<Seq, StoreError> {
        self.read(|log| log.settled_through)
    }

    fn checkpoint(&mut self, after: Seq) -> Result<Option<Checkpoint>, StoreError> {
        self.read(|log| {
            let next = log.checkpoints.range(Seq(after.0.saturating_add(1))..).next();
            next.map(|(through, bytes)| Checkpoint { through: *through, bytes: bytes.clone() })
        })
    }

    fn artifact(&mut self, digest: Digest) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(|log| log.artifacts.get(&digest).cloned())
    }

    fn api_keys(&mut self) -> Result<Vec<ApiKey>, StoreError> {
        self.read(|log| log.api_keys.clone())
    }

    fn webhook_endpoints(&mut self) -> Result<Vec<WebhookEndpoint>, StoreError> {
        self.read(|log| log.endpoints.clone())
    }

    fn pending_endpoints(&mut self) -> Result<Vec<(Box<str>, u64)>, StoreError> {
        self.read(|log| {
            let mut counts = BTreeMap::new();
            log.deliveries.values().filter(|delivery| !delivery.dead).for_each(|delivery| {
                *counts.entry(delivery.key.endpoint.clone()).or_default() += 1;
            });
            counts.into_iter().collect()
        })
    }

    fn pending(&mut self, endpoint: &str, after: Seq, limit: usize) -> Result<Vec<Delivery>, StoreError> {
        self.read(|log| {
            let of_endpoint = log.deliveries.values().filter(|delivery| *delivery.key.endpoint == *endpoint);
            let later = of_endpoint.filter(|delivery| !delivery.dead && delivery.key.seq > after);
            later.take(limit).cloned().collect()
        })
    }

    fn dead(&mut self, merchant: Option<&MerchantId>, limit: usize) -> Result<Vec<Delivery>, StoreError> {
        self.read(|log| {
            let dead = log.deliveries.values().filter(|delivery| delivery.dead);
            let theirs = dead.filter(|delivery| merchant.is_none_or(|merchant| delivery.merchant == *merchant));
            theirs.take(limit).cloned().collect()
        })
    }

    fn deliveries_put(&mut self) -> Result<i64, StoreError> {
        self.read(|log| log.deliveries_put)
    }
}
