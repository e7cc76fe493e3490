// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// Lets those requests through to a store that IAM would, by the policies of whoever signed them.
///
///     let gate = PolicyGate(missingKeys: .always403)
///     gate.set(policy, of: "AKIA…", named: "node01")
///     let proxy = try FaultyProxy(to: server.port, gate: gate)
///
/// The store behind it must allow everything to these access keys. A key without a policy is the store's to judge.
public final class PolicyGate: Sendable {
    /// What a caller who may list under a condition on `s3:prefix` is told of a key that is not there.
    ///
    /// S3's documents leave it open: "If you have the s3:ListBucket permission on the bucket" a 404, else a 403.
    public enum MissingKeys: Sendable, CaseIterable {
        /// 403: a request for an object has no `s3:prefix`, so the condition is not met.
        case always403
        /// As if the key were the prefix of a listing.
        case byPrefix
    }

    /// A request that was refused.
    public struct Denial: Sendable, Hashable {
        public let name: String
        public let action: String
        public let resource: String
    }

    private struct State {
        var callers: [String: (name: String, policy: IAMPolicy)] = [:]
        var used: [String: Set<Permission>] = [:]
        var denials: [Denial] = []
    }

    private let missingKeys: MissingKeys
    private let shelf: LifecycleShelf?
    private let state = Mutex(State())

    /// A gate without a policy lets everything through.
    ///
    /// - Parameter keepsLifecycle: whether it keeps the lifecycle configuration of the bucket itself, as the store behind it may not.
    public init(missingKeys: MissingKeys, keepsLifecycle: Bool = false) {
        self.missingKeys = missingKeys
        shelf = keepsLifecycle ? LifecycleShelf() : nil
    }

    /// The lifecycle configuration that it keeps.
    public var lifecycle: String { shelf?.text ?? "" }

    /// From now on whoever signs with `accessKey` may do what `policy` allows.
    public func set(_ policy: IAMPolicy, of accessKey: String, named name: String) {
        state.withLock { $0.callers[accessKey] = (name, policy) }
    }

    /// What was refused so far, in order.
    public var denials: [Denial] { state.withLock(\.denials) }

    /// Which permissions let something through that no other would have, by name of the caller.
    public func used(by name: String) -> Set<Permission> { state.withLock { $0.used[name] ?? [] } }

    func readsBody(of head: ProxyHead) -> Bool {
        let operation = S3Operation(head)
        return operation.isDeletionOfMany || (operation.isOfLifecycle && shelf != nil)
    }

    /// - Returns: the answer instead of the store's; nil: the store answers.
    func verdict(on head: ProxyHead, _ body: [UInt8]) -> ProxyFault? {
        guard let accessKey = head.accessKey,
            let caller = state.withLock({ $0.callers[accessKey] })
        else { return nil }
        let operation = S3Operation(head)
        if operation.isDeletionOfMany { return deletion(operation, body, caller) }
        guard let demands = operation.demands() else {
            return refusal(S3Demand(action: "s3:Unknown", resource: operation.arn), caller.name, head)
        }
        for demand in demands {
            guard let permission = caller.policy.allows(demand) else {
                return refusal(demand, caller.name, head)
            }
            note(permission, of: caller.name)
        }
        if operation.isOfLifecycle { return shelf?.answer(head.method, body) }
        guard operation.readsObject else { return nil }
        let listing = S3Demand(
            action: "s3:ListBucket", resource: S3Operation.arn(operation.bucket, nil),
            prefix: missingKeys == .byPrefix ? operation.key : nil)
        if caller.policy.allows(listing) != nil { return nil }
        return .hideMissing(Self.text(listing, caller.name, hasBody: head.method != "HEAD"))
    }

    private func note(_ permission: Permission, of name: String) {
        state.withLock { _ = $0.used[name, default: []].insert(permission) }
    }

    private func refusal(_ demand: S3Demand, _ name: String, _ head: ProxyHead) -> ProxyFault {
        state.withLock {
            $0.denials.append(Denial(name: name, action: demand.action, resource: demand.resource))
        }
        return .answer(Self.text(demand, name, hasBody: head.method != "HEAD"))
    }

    /// AWS judges each key by itself and answers 200. This gate does not divide a request: where some keys may go and others not, those
    /// that may are an error of the store's.
    private func deletion(
        _ operation: S3Operation, _ body: [UInt8], _ caller: (name: String, policy: IAMPolicy)
    ) -> ProxyFault? {
        let keys = String(decoding: body, as: UTF8.self).matches(of: /<Key>(.*?)<\/Key>/).map {
            XMLText.unescaped(String($0.1))
        }
        let demands = keys.map {
            S3Demand(action: "s3:DeleteObject", resource: S3Operation.arn(operation.bucket, $0))
        }
        let allowed = demands.map { caller.policy.allows($0) }
        for case let permission? in allowed { note(permission, of: caller.name) }
        if allowed.allSatisfy({ $0 != nil }) { return nil }
        let errors = zip(keys, zip(demands, allowed)).map { key, judged in
            let (code, message) =
                judged.1 == nil
                ? ("AccessDenied", Self.message(judged.0, caller.name)) : ("InternalError", "not tried")
            return
                "<Error><Key>\(XMLText.escaped(key))</Key><Code>\(code)</Code><Message>\(message)</Message></Error>"
        }
        state.withLock { state in
            for (demand, permission) in zip(demands, allowed) where permission == nil {
                state.denials.append(
                    Denial(name: caller.name, action: demand.action, resource: demand.resource))
            }
        }
        return .answer(
            status: 200,
            body:
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<DeleteResult>\(errors.joined())</DeleteResult>")
    }

    /// Source: seen of AWS since 2024, for callers of the bucket's own account.
    private static func message(_ demand: S3Demand, _ name: String) -> String {
        "User: arn:aws:iam::111122223333:user/\(name.uppercased()) is not authorized to perform: \(demand.action) on resource: "
            + "&quot;\(XMLText.escaped(demand.resource))&quot; because no identity-based policy allows the \(demand.action) action"
    }

    private static func text(_ demand: S3Demand, _ name: String, hasBody: Bool) -> String {
        let body =
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>AccessDenied</Code><Message>\(message(demand, name))</Message>"
            + "<RequestId>GATE00000000GATE</RequestId><HostId>gate</HostId></Error>"
        return
            "HTTP/1.1 403 Forbidden\r\nx-amz-request-id: GATE00000000GATE\r\nContent-Type: application/xml\r\n"
            + (hasBody ? "Content-Length: \(body.utf8.count)\r\n\r\n\(body)" : "Content-Length: 0\r\n\r\n")
    }
}

extension ProxyHead {
    /// Of `Authorization: AWS4-HMAC-SHA256 Credential=<access key>/…`
    fileprivate var accessKey: String? {
        value(of: "authorization")?.firstMatch(of: /Credential=([^\/]+)\//).map { String($0.1) }
    }
}
