// SPDX-License-Identifier: Apache-2.0

import Descriptors

/// How many connections a server keeps open at the same time. The rest of the process's descriptors is for its work.
public struct ConnectionLimits: Sendable, Hashable {
    /// In all.
    public var all: Int
    /// Those among them that have not proved who they are.
    public var unproved: Int
    /// Those of one name.
    public var perPeer: Int

    /// An eighth of the descriptors, 512 at most: of 1,024 it is 128 connections, 64 unproved, 32 of one name.
    ///
    /// - Parameter descriptorCount: how many the process may have open.
    public init(descriptorCount: Int) {
        all = min(512, max(16, descriptorCount / 8))
        unproved = min(64, all / 2)
        perPeer = max(8, all / 4)
    }

    /// Of what the process may have open now.
    public init() {
        self.init(descriptorCount: DescriptorLimit.current)
    }

    /// How many may be accepted and not yet closed: some have been told to go and still have last words to send.
    public var accepted: Int { all + 16 }
}
