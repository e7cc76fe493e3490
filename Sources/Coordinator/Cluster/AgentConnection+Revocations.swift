// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Certificates
import HTTPTransport

// Lists of revoked certificates go where they are missing with the first contact, whatever it was about, and either way.
extension AgentConnection {
    /// Looks at which lists the agent says that it has; brings it newer ones, or takes its own. No failure of that is one of the
    /// request: `status` tells it.
    func exchangeRevocations(after response: HTTPResponse) async throws {
        guard let revocations else { return }
        let mine = revocations.lists
        guard let header = response.header(RevocationNumbers.header) else {
            if !mine.isEmpty { revocations.note(.unsupported, of: node) }
            return
        }
        guard let theirs = RevocationNumbers(text: header) else { return }
        do {
            let isBehind = revocations.numbers.isBehind(theirs)
            let isAsked = isBehind && revocations.begins(fetching: theirs, from: node)
            if isAsked { try await revocations.take(try await revocationsOfAgent().lists) }
            let newest = revocations.lists
            guard theirs.isBehind(revocations.numbers) else {
                // What could not be fetched stays as it was told.
                if isAsked || !isBehind { revocations.note(.has, of: node) }
                return
            }
            guard revocations.begins(sending: newest, to: node) else { return }
            try await bring(RevocationOrder(lists: newest.pem))
            revocations.note(.has, of: node)
        } catch let error as CancellationError {
            throw error
        } catch {
            revocations.note(.refused(WireError(of: error)), of: node)
        }
    }

    private func revocationsOfAgent() async throws -> NodeRevocations {
        try await sendPlainly("GET", AgentPaths.revocations, limit: AgentClient.answerLimit).accepted()
            .value()
    }

    private func bring(_ order: RevocationOrder) async throws {
        try await sendPlainly(
            "POST", AgentPaths.revocations, body: .bytes(try WireJSON.document(order)),
            limit: AgentClient.answerLimit
        ).accepted()
    }
}
