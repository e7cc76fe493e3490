// SPDX-License-Identifier: Apache-2.0

/// A role for a token that something else puts into a file and renews there, as Kubernetes does.
struct WebIdentityPlace: CredentialPlace {
    let surroundings: CredentialSurroundings

    func find() async throws -> CredentialFinding {
        guard let path = surroundings.variable("AWS_WEB_IDENTITY_TOKEN_FILE") else { return .notSetUp }
        guard let role = surroundings.variable("AWS_ROLE_ARN") else {
            throw S3Error.invalidCredentials(
                origin: "AWS_WEB_IDENTITY_TOKEN_FILE", reason: "AWS_ROLE_ARN is not set")
        }
        let service = try SecurityTokenService(surroundings)
        return .found(
            try await service.assumeRole(
                role,
                session: surroundings.variable("AWS_ROLE_SESSION_NAME")
                    ?? SecurityTokenService.defaultSession,
                webIdentityTokenFile: path, origin: "the web identity in \(path), role \(role)"))
    }
}
