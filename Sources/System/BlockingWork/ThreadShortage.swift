// SPDX-License-Identifier: Apache-2.0

/// No thread could be started: what was to be done has not begun.
public struct ThreadShortage: Fault, Equatable {
    public init() {}

    /// Of a program that cannot be started, too.
    public static let reason = "no more processes or tasks are allowed, or no memory is left"
    public static let hint =
        "raise the limit: 'TasksMax=' of the systemd unit, the container's limit of processes, or 'ulimit -u' before the start."

    public var facts: String { "no thread could be started: \(Self.reason)" }
    public var hint: String? { Self.hint }
}

enum ThreadStack {
    /// Enough for zlib, ISA-L and Swift's own frames; virtual memory only until it is touched. With more than there can be a task
    /// finds out what becomes of it where there is no thread.
    @TaskLocal static var byteCount = 1 << 20
}
