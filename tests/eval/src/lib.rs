//! Measuring the knowledge on a set of questions, through the code the app uses.
#![expect(missing_docs, reason = "the fields are named after those of the files")]

pub mod answers;
pub mod facts;
pub mod fit;
pub mod metrics;
pub mod model;
pub mod run;
pub mod set;
