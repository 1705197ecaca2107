//! pub mod desk

pub mod desk;
