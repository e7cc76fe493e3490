// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// Whether a verb that writes takes the cluster's lease.
struct LeaseOptions: ParsableArguments, Sendable {
    @Flag(help: "Do without the lease, on a store without conditional writes.")
    var noLease = false

    var isLeased: Bool { !noLease }
}
