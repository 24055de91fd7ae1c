//! The metric dictionary: what each figure means, as code.
