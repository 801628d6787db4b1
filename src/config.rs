//! One typed, documented configuration: defaults, units and limits beside each field.
