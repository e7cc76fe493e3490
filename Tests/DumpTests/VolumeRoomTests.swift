// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing

@testable import Dump

@Suite struct VolumeRoomTests {
    /// What the kernel says, and whom it tells while it is asked.
    private final class Disk: Sendable {
        let meanwhile = Mutex<(@Sendable () -> Void)?>(nil)

        var free: Int64? {
            meanwhile.withLock { $0?() }
            return 100
        }
    }

    @Test func `takes no more than the file system has, claims that are not written counted`() async {
        let disk = Disk()
        let room = VolumeRoom(limit: nil) { disk.free }
        #expect(await room.claim(60))
        #expect(await !room.claim(60))
        room.written(60)
        #expect(await room.claim(60))
        #expect(room.summary == "120 bytes are used, 100 are free on its disk")
    }

    @Test func `what is written while the disk is looked at may not be in what it says`() async {
        let disk = Disk()
        let room = VolumeRoom(limit: nil) { disk.free }
        #expect(await room.claim(50))
        disk.meanwhile.withLock { $0 = { room.written(50) } }
        #expect(await !room.claim(60))
        disk.meanwhile.withLock { $0 = nil }
        #expect(await room.claim(60))
    }
}
