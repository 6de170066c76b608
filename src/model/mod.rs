//! Floor 1: models.
