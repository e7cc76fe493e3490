// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import HTTPTypes
import Hummingbird

/// Says with every answer which lists of revoked certificates the node has, so that whoever has newer ones brings them.
struct RevocationHeader: RouterMiddleware {
    let numbers: @Sendable () -> RevocationNumbers

    func handle(
        _ request: Request, context: AgentRequestContext,
        next: @concurrent (Request, AgentRequestContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        if let name = HTTPField.Name(RevocationNumbers.header) {
            response.headers[name] = numbers().text
        }
        return response
    }
}
