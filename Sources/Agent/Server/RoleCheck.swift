// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Certificates
import HTTPTypes
import Hummingbird
import TLS

/// Who may do what: an observer reads, the coordinator does everything, a node nothing.
///
/// TLS has already refused whoever has no certificate of this cluster.
struct RoleCheck: RouterMiddleware {
    let node: String
    let cluster: String

    func handle(
        _ request: Request, context: AgentRequestContext,
        next: @concurrent (Request, AgentRequestContext) async throws -> Response
    ) async throws -> Response {
        guard let peer = context.peer?.name, peer.cluster == cluster else {
            throw refusal("a peer without a name in cluster '\(cluster)'", request)
        }
        guard Self.isAllowed(peer.role, request.method) else { throw refusal("'\(peer.uri)'", request) }
        return try await next(request, context)
    }

    static func isAllowed(_ role: CertificateRole, _ method: HTTPRequest.Method) -> Bool {
        switch role {
        case .coordinator: true
        case .observer: method == .get
        case .node: false
        }
    }

    private func refusal(_ who: String, _ request: Request) -> HTTPRefusal {
        HTTPRefusal(
            .forbidden,
            WireError(
                .authentication, node: node,
                "\(who) may not \(request.method) \(request.uri.path) on an agent",
                hint: "use the coordinator's certificate, or an observer's for reading."))
    }
}
