// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension EndToEnd {
    /// What the rest of the world makes of one backup.
    @Suite(
        .serialized, .needs(Machine.cluster + Machine.amanda), .arranged(OneBackup.self),
        .timeLimit(.minutes(6)))
    struct OneBackupTests {
        @Test func `the backup is complete`() throws {
            let backup = try Arranged.as(OneBackup.self).backup
            #expect(backup.exit == 0, "\(backup)")
        }
    }
}
