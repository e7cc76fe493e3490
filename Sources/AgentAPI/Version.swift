// SPDX-License-Identifier: Apache-2.0

/// The version of amfleet, as both programs print it and as records carry it.
public enum AmfleetVersion {
    public static let current = "0.1.0"
}
