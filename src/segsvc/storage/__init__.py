"""What must survive: journal, snapshots, pinned resolutions, secrets. SQLAlchemy stops here."""

from segsvc.storage.changes import StoredChanges
from segsvc.storage.resolutions import StoredResolution
from segsvc.storage.snapshots import StoredSnapshot
from segsvc.storage.stats import StorageStats
from segsvc.storage.storage import Storage

__all__ = ["Storage", "StorageStats", "StoredChanges", "StoredResolution", "StoredSnapshot"]
