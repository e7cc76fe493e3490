// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What AWS keeps under `?lifecycle`, which SeaweedFS does not take: one document, read late if a test wants it so.
public final class LifecycleConfiguration: Sendable {
    /// One answer.
    public struct Answer: Sendable {
        public let status: Int
        public var headers: [String] = []
        public var body = ""
    }

    fileprivate struct State {
        var text: String?
        /// What the last write replaced; where it is frozen, what an earlier one did.
        var earlier: String?
        var isFrozen = false
        var putCount = 0
        var lostPutCount = 0
        var lateReadCount = 0
        var lateReadsLeft = 0
        var refusals: [String: Answer] = [:]
    }

    private let state: Mutex<State>

    public init(_ text: String? = nil) {
        state = Mutex(State(text: text))
    }

    /// What stands; nil: none. Setting it is what somebody else writes.
    public var text: String? {
        get { state.withLock { $0.text } }
        set {
            state.withLock { state in
                state.replace(by: newValue)
            }
        }
    }

    /// Writes so far that stand for themselves, deletions included.
    public var writeCount: Int { state.withLock { $0.putCount } }

    /// The next writes are answered as done, and are not.
    public func lose(writes count: Int) { state.withLock { $0.lostPutCount = $0.putCount + count } }

    /// After each write so many reads get what it replaced.
    public func readLate(_ count: Int) { state.withLock { $0.lateReadCount = count } }

    /// From the next write on all reads get what stands now.
    public func freezeReads() {
        state.withLock { ($0.earlier, $0.isFrozen, $0.lateReadCount) = ($0.text, true, .max) }
    }

    /// As if a write had just been.
    public func beLate() { state.withLock { $0.lateReadsLeft = $0.lateReadCount } }

    /// Answers requests of that method; nil: as before.
    public func refuse(_ method: String, with answer: Answer?) {
        state.withLock { $0.refusals[method] = answer }
    }

    /// An S3 error.
    public static func error(_ status: Int, _ code: String) -> Answer {
        Answer(status: status, body: "<Error><Code>\(code)</Code><Message>said the test</Message></Error>")
    }

    /// What S3 says to a request for it.
    public func answer(_ method: String, _ body: String) -> Answer {
        state.withLock { state in
            if let refusal = state.refusals[method] { return refusal }
            guard method != "GET" else { return state.read() }
            state.putCount += 1
            guard state.putCount > state.lostPutCount else { return Answer(status: 200) }
            state.replace(by: method == "PUT" ? body : nil)
            state.lateReadsLeft = state.lateReadCount
            return Answer(status: method == "PUT" ? 200 : 204)
        }
    }
}

extension FaultyProxy {
    /// The store behind the proxy keeps `configuration`.
    public func keep(_ configuration: LifecycleConfiguration) {
        inject(
            .handle { method, body in
                let answer = configuration.answer(method, body)
                let lines =
                    ["HTTP/1.1 \(answer.status) Lifecycle", "Content-Length: \(answer.body.utf8.count)"]
                    + answer.headers
                return lines.joined(separator: "\r\n") + "\r\n\r\n" + answer.body
            }, target: "?lifecycle=", times: .max)
    }
}

extension LifecycleConfiguration.State {
    fileprivate mutating func replace(by newText: String?) {
        if !isFrozen { earlier = text }
        text = newText
    }

    fileprivate mutating func read() -> LifecycleConfiguration.Answer {
        var read = text
        if lateReadsLeft > 0 {
            lateReadsLeft -= 1
            read = earlier
        }
        guard let read else { return LifecycleConfiguration.error(404, "NoSuchLifecycleConfiguration") }
        return .init(
            status: 200, headers: ["x-amz-transition-default-minimum-object-size: varies_by_storage_class"],
            body: read)
    }
}
