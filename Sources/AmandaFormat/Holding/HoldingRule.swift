// SPDX-License-Identifier: Apache-2.0

extension DumpType {
    /// Whether its dumps may go to a holding disk. Source: amanda.conf(5), `holdingdisk` of a dumptype.
    public enum Holding: String, Sendable, Hashable {
        /// `never`: to a volume or not at all.
        case never = "NEVER"
        /// `auto`: to a holding disk where no volume can be written.
        case auto = "AUTO"
        /// `required`: to a holding disk first, always, and from there to a volume; where there is no room, not at all.
        case required = "REQUIRED"
    }

    /// `holdingdisk`.
    public var holding: Holding { Holding(rawValue: block.keyword("holdingdisk")) ?? .auto }
}

/// Which dumps may be held when no volume can be written: `reserve`.
///
/// Amanda keeps by default all of the holding disks for increments then, and dumps no full at all. Here that holds only where
/// the configuration says so itself: a full that is due and can go nowhere else would be lost.
public struct HoldingReserve: Sendable, Equatable {
    /// Percent of the room that only increments may use.
    var percent: Int
    /// The room at the beginning of the run.
    var roomAtStart: Int64

    public init(percent: Int, roomAtStart: Int64) {
        self.percent = percent
        self.roomAtStart = roomAtStart
    }

    /// Whether a dump of so many bytes leaves the reserve alone, or may use it.
    public func admits(level: Int, byteCount: Int64, room: Int64) -> Bool {
        guard level == 0, percent > 0 else { return true }
        let kept = Double(roomAtStart) / 100 * Double(percent)
        return Double(room) - Double(byteCount) >= kept
    }
}

extension AmandaConfiguration {
    /// `reserve` in percent; 0 where the configuration does not set it.
    public var holdingReservePercent: Int {
        document.global.isSet("reserve") ? Int(document.global.integer("reserve")) : 0
    }
}
