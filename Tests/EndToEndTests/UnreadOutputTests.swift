// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension EndToEnd.SmallClusterTests {
    /// A pager that nobody scrolls, a terminal that was stopped, a pipe whose reader sleeps.
    @Suite(.serialized) struct UnreadOutputTests {
        @Test(.long) func `who does not read what a run tells keeps neither it nor the cluster`() async throws
        {
            let cluster = try Arranged.as(SmallCluster.self).cluster
            let pipe = "\(cluster.directory)/unread"
            // Opened both ways, so that nobody waits for a reader, and full.
            let backup = try RunningProgram(
                [
                    "/bin/bash", "-euc",
                    "mkfifo \"$1\"; exec 3<>\"$1\"; head -c 65536 /dev/zero >&3; exec \"$2\" backup 2>&3 3<&-",
                    "bash", pipe, "\(Machine.programs)/amfleet",
                ],
                environment: ClusterNode.noCredentials, directory: cluster.coordinatorDirectory,
                output: "\(cluster.directory)/unread-backup")
            let result = try await backup.end()
            #expect(result.exit == 0, "\(result)")
            #expect(result.output.contains("complete"), "\(result)")
            let next = try await cluster.amfleet(["backup"])
            #expect(next.exit == 0, "\(next)")
        }
    }
}
