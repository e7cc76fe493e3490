// SPDX-License-Identifier: Apache-2.0

/// What a `chg-disk:` says of its directory of slots.
///
/// Source: amanda-changers(7); Amanda 3.5.1 `perl/Amanda/Changer/disk.pm`, `_all_slots`, `_slot_exists`, `_validate`; seen
/// with `amtape inventory`.
public struct DiskChanger: Sendable, Hashable {
    /// The directory that holds `slot1`, `slot2` …; absolute.
    public let directory: String
    /// `num-slot`; 1 unless it is set.
    let slotCount: Int
    /// `auto-create-slot`: slots up to `num-slot` are made when they are needed.
    let makesSlots: Bool
    /// `removable`: the directory must be a mount point, so that nothing is written where the disk is missing.
    public let isRemovable: Bool
    /// `USE_DATA`; in the slot itself unless it is set.
    let dataDirectory: DirectoryDevicePath.DataDirectory

    /// The slots, in Amanda's order: by number, those that are there and those that may be made.
    ///
    /// - Parameter names: what the directory holds; `slot` and digits counts, `slot01` too, which Amanda calls 1 and then
    ///   does not find.
    public func devices(among names: [String]) -> [VolumeDevice] {
        var numbers = Set(names.compactMap(Self.slot))
        if makesSlots, slotCount > 0 { numbers.formUnion(1...slotCount) }
        return numbers.sorted().map(device)
    }

    /// The slots that the configuration alone names: 1 to `num-slot`.
    var namedDevices: [VolumeDevice] { (1...max(1, slotCount)).map(device) }

    private func device(_ number: Int) -> VolumeDevice {
        .directory(
            DirectoryDevicePath(
                path: "\(directory)/slot\(number)", slot: number, dataDirectory: dataDirectory))
    }

    /// `slot12` gives 12; nil for what is none, or not as Amanda writes it.
    static func slot(_ name: String) -> Int? {
        guard name.hasPrefix("slot"), let number = Int(name.dropFirst(4)), number >= 0 else { return nil }
        return name == "slot\(number)" ? number : nil
    }
}
