// SPDX-License-Identifier: Apache-2.0

/// The state of a `chg-multi` changer: which process holds which slot, and a cache of labels.
///
/// Shape: Perl, `$STATE = { slots => { '<device>' => { pid, state, label, … } }, … };`. Everything is kept in its order and
/// rewritten in `Data::Dumper`'s layout, so that what we do not understand survives.
/// Source: Amanda 3.5.1 `perl/Amanda/Changer/multi.pm`, "STATE"; `Changer.pm`, `with_locked_state`.
public struct ChangerState: Equatable, Sendable {
    /// A slot that a process holds.
    public struct Reservation: Hashable, Sendable {
        /// The device's name, e.g. `s3:bucket/path/slot-01`.
        public var device: String
        public var pid: Int32

        public init(device: String, pid: Int32) {
            self.device = device
            self.pid = pid
        }
    }

    private var root: PerlData

    /// A changer that nobody has used yet.
    public init() {
        root = .hash([])
    }

    /// An empty text is a new changer's, as for Amanda. Amanda takes a damaged file for empty and so forgets who holds
    /// what; we refuse it.
    public init(parsing text: String, file: String = "the changer's state file") throws(ChangerStateError) {
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
    public var devices: [String] {
        guard case .hash(let pairs)? = root["slots"] else { return [] }
        return pairs.map { PerlData.unquoted($0.key) }
    }

    /// Every slot that some process holds or held; whether it still lives is not known here.
    public var reservations: [Reservation] {
        devices.compactMap { device in
            pid(of: device).map { Reservation(device: device, pid: $0) }
        }
    }

    public func pid(of device: String) -> Int32? {
        root["slots"]?[device]?["pid"]?.string.flatMap { Int32($0) }
    }

    /// The label that was last seen in the slot.
    public func label(of device: String) -> String? {
        root["slots"]?[device]?["label"]?.string
    }

    /// The slot that a configuration used last.
    public func currentDevice(configuration: String) -> String? {
        root["current_slot_by_config"]?[configuration]?.string
    }

    /// Enters `pid` as the holder of the slot.
    public mutating func reserve(_ device: String, pid: Int32) {
        change(device) { $0["pid"] = .scalar(String(pid)) }
    }

    /// Takes `pid` out, if it is the holder.
    public mutating func release(_ device: String, pid: Int32) {
        guard self.pid(of: device) == pid else { return }
        change(device) { $0["pid"] = nil }
    }

    /// Makes the slot unknown, so that Amanda reads its label from the bucket; its reservation stays.
    public mutating func forgetLabel(of device: String) {
        change(device) { slot in
            for key in ["state", "label", "f_type", "device_status", "device_error"] { slot[key] = nil }
        }
    }

    /// Says which label the slot bears, as Amanda does after it has read it: its listings show it without a look.
    ///
    /// Source: Amanda 3.5.1 `perl/Amanda/Changer/multi.pm`, `set_label`; the constants are a full slot's
    /// (`SLOT_FULL`), a good device's (`DEVICE_STATUS_SUCCESS`) and a labelled volume's (`F_TAPESTART`).
    public mutating func setLabel(of device: String, to label: String) {
        change(device) { slot in
            slot["state"] = .scalar("1")
            slot["label"] = .scalar(PerlData.quoted(label))
            slot["f_type"] = .scalar("'1'")
            slot["device_status"] = .scalar("'0'")
            slot["device_error"] = .scalar("undef")
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

/// The state file is not what `chg-multi` writes; nothing may be reserved on such ground.
public enum ChangerStateError: Error, Equatable, Sendable, CustomStringConvertible {
    case notUnderstood(file: String, byte: Int)

    public var description: String {
        switch self {
        case .notUnderstood(let file, let byte):
            """
            \(file): not understood at byte \(byte), so nobody knows who holds a slot
            hint: when no Amanda program runs, remove the file; the labels are read from the bucket again.
            """
        }
    }
}
