// SPDX-License-Identifier: Apache-2.0

public import Faults

/// The state of a changer: which process holds which slot, and, of a `chg-multi`, a cache of labels.
///
/// Shape: Perl, `$STATE = { slots => { '<device>' => { pid, state, label, … } }, … };` of a `chg-multi`,
/// `$STATE = { drives => { 'drive0' => { slot => 'slot1', pid } }, current => 'slot1', … };` of a `chg-disk`. Everything is
/// kept in its order and rewritten in `Data::Dumper`'s layout, so that what we do not understand survives.
/// Source: Amanda 3.5.1 `perl/Amanda/Changer/multi.pm` and `disk.pm`, "STATE"; `Changer.pm`, `with_locked_state`.
public struct ChangerState: Equatable, Sendable {
    /// Whose state it is.
    public enum Form: Sendable {
        case multi
        case disk
    }

    /// A slot that a process holds.
    public struct Reservation: Hashable, Sendable {
        /// The device's name, e.g. `s3:bucket/path/slot-01`; of a `chg-disk` the slot's, `slot1`.
        public var device: String
        public var pid: Int32

        init(device: String, pid: Int32) {
            self.device = device
            self.pid = pid
        }
    }

    private var root: PerlData
    private let form: Form

    /// A changer that nobody has used yet.
    public init(_ form: Form = .multi) {
        root = .hash([])
        self.form = form
    }

    /// An empty text is a new changer's, as for Amanda. Amanda takes a damaged file for empty and so forgets who holds
    /// what; we refuse it.
    public init(
        parsing text: String, _ form: Form = .multi, file: String = "the changer's state file"
    ) throws(ChangerStateError) {
        self.form = form
        var reader = PerlReader(text)
        if reader.isAtEnd {
            root = .hash([])
            return
        }
        guard reader.take("$STATE"), reader.take("="), let value = reader.value(), case .hash = value,
            reader.take(";"), reader.isAtEnd
        else { throw .notUnderstood(file: file, byte: reader.index) }
        root = value
    }

    /// The file's text.
    public var text: String {
        "$STATE = " + root.text(column: 9) + ";\n"
    }

    /// The devices that have a slot in the state, in its order.
    var devices: [String] {
        guard case .hash(let pairs)? = root["slots"] else { return [] }
        return pairs.map { PerlData.unquoted($0.key) }
    }

    /// Every slot that some process holds or held; whether it still lives is not known here.
    public var reservations: [Reservation] {
        guard form == .disk else {
            return devices.compactMap { device in
                pid(of: device).map { Reservation(device: device, pid: $0) }
            }
        }
        return drives.compactMap { drive in
            guard let slot = drive.value["slot"]?.string,
                let pid = drive.value["pid"]?.string.flatMap({ Int32($0) })
            else { return nil }
            return Reservation(device: slot, pid: pid)
        }
    }

    public func pid(of device: String) -> Int32? {
        if form == .disk { return reservations.first { $0.device == slot(device) }?.pid }
        return root["slots"]?[device]?["pid"]?.string.flatMap { Int32($0) }
    }

    private var drives: [(key: String, value: PerlData)] {
        guard case .hash(let pairs)? = root["drives"] else { return [] }
        return pairs.map { (PerlData.unquoted($0.key), $0.value) }
    }

    /// `file:/vtapes/slot1` gives `slot1`.
    private func slot(_ device: String) -> String {
        device.split(separator: "/").last.map(String.init) ?? device
    }

    /// The label that was last seen in the slot.
    public func label(of device: String) -> String? {
        root["slots"]?[device]?["label"]?.string
    }

    /// The slot that a configuration used last.
    func currentDevice(configuration: String) -> String? {
        root["current_slot_by_config"]?[configuration]?.string
    }

    /// Enters `pid` as the holder of the slot, which becomes the current one of a `chg-disk`.
    public mutating func reserve(_ device: String, pid: Int32) {
        guard form == .disk else { return change(device) { $0["pid"] = .scalar(String(pid)) } }
        let slot = slot(device)
        changeDrives { drives in
            Self.removeDrives(of: slot, from: &drives)
            let free = (0...).lazy.map { "drive\($0)" }.first { drives[$0] == nil } ?? "drive0"
            var drive = PerlData.hash([])
            drive["slot"] = .scalar(PerlData.quoted(slot))
            drive["pid"] = .scalar(String(pid))
            drives[free] = drive
        }
        root["current"] = .scalar(PerlData.quoted(slot))
    }

    /// Takes `pid` out, if it is the holder.
    public mutating func release(_ device: String, pid: Int32) {
        guard self.pid(of: device) == pid else { return }
        guard form == .disk else { return change(device) { $0["pid"] = nil } }
        let slot = slot(device)
        changeDrives { Self.removeDrives(of: slot, from: &$0) }
    }

    /// Makes the slot unknown, so that Amanda reads its label anew; its reservation stays. A `chg-disk` caches none.
    public mutating func forgetLabel(of device: String) {
        guard form == .multi else { return }
        change(device) { slot in
            for key in ["state", "label", "f_type", "device_status", "device_error"] { slot[key] = nil }
        }
    }

    /// Says which label the slot bears, as Amanda does after it has read it: its listings show it without a look.
    ///
    /// Source: Amanda 3.5.1 `perl/Amanda/Changer/multi.pm`, `set_label`; the constants are a full slot's
    /// (`SLOT_FULL`), a good device's (`DEVICE_STATUS_SUCCESS`) and a labelled volume's (`F_TAPESTART`).
    public mutating func setLabel(of device: String, to label: String) {
        guard form == .multi else { return }
        change(device) { slot in
            slot["state"] = .scalar("1")
            slot["label"] = .scalar(PerlData.quoted(label))
            slot["f_type"] = .scalar("'1'")
            slot["device_status"] = .scalar("'0'")
            slot["device_error"] = .scalar("undef")
        }
    }

    private mutating func changeDrives(_ edit: (inout PerlData) -> Void) {
        var drives = root["drives"] ?? .hash([])
        if case .hash = drives {} else { drives = .hash([]) }
        edit(&drives)
        root["drives"] = drives
    }

    private static func removeDrives(of slot: String, from drives: inout PerlData) {
        guard case .hash(let pairs) = drives else { return }
        for pair in pairs where pair.value["slot"]?.string == slot {
            drives[PerlData.unquoted(pair.key)] = nil
        }
    }

    private mutating func change(_ device: String, _ edit: (inout PerlData) -> Void) {
        var slots = root["slots"] ?? .hash([])
        if case .hash = slots {} else { slots = .hash([]) }
        var slot = slots[device] ?? .hash([])
        if case .hash = slot {} else { slot = .hash([]) }
        edit(&slot)
        slots[device] = slot
        root["slots"] = slots
    }
}

/// The state file is not what a changer writes; nothing may be reserved on such ground.
public enum ChangerStateError: Fault, Equatable {
    case notUnderstood(file: String, byte: Int)

    public var facts: String { text.facts }
    public var hint: String? { text.hint }

    public var place: FaultPlace? {
        switch self {
        case .notUnderstood(let file, _): FaultPlace(file: file)
        }
    }

    private var text: FaultText {
        switch self {
        case .notUnderstood(_, let byte):
            FaultText(
                "not understood at byte \(byte), so nobody knows who holds a slot",
                hint: "when no Amanda program runs, remove the file; the labels are read again.")
        }
    }
}
