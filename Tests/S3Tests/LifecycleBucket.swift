// SPDX-License-Identifier: Apache-2.0

import TestSupport

@testable import S3

/// What AWS does with `?lifecycle`, on loopback: SeaweedFS takes no transition to Glacier.
struct LifecycleBucket {
    let configuration: LifecycleConfiguration
    let server: AnsweringServer

    init(_ text: String?) throws {
        let configuration = LifecycleConfiguration(text)
        self.configuration = configuration
        server = try AnsweringServer { request in
            guard request.target.hasSuffix("?lifecycle=") else { return .init(400) }
            let answer = configuration.answer(request.method, request.body)
            return .init(answer.status, headers: answer.headers, answer.body)
        }
    }

    var text: String { configuration.text ?? "" }
    var writeCount: Int { configuration.writeCount }
    var ids: [String] {
        get throws {
            try configuration.text.map { try LifecycleDocument(parsing: Array($0.utf8)).rules.map(\.id) }
                ?? []
        }
    }
}

extension LifecycleBucket {
    /// A node's rules in it, with waits that suit a test.
    func rules(
        _ node: String = "node01", lockedBy lockClient: S3Client, atEnd: Duration = .seconds(20),
        underLock: Duration = .seconds(10)
    ) throws -> LifecycleRules {
        var rules = LifecycleRules(
            client: try S3Fixture(endpoint: server.endpoint, bucket: "b").client, lockClient: lockClient,
            lockKey: "demo/_amfleet/lifecycle-b.lock", holder: node)
        rules.settling = (atEnd, underLock, .milliseconds(200))
        return rules
    }
}
