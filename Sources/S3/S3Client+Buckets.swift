// SPDX-License-Identifier: Apache-2.0

import HTTPTransport

extension S3Client {
    /// Makes the bucket in the client's region, unless it is there: one that refuses to be listed is.
    ///
    /// - Throws: `S3Error.refused` with code `BucketAlreadyExists` where it is somebody else's.
    public func createBucketIfAbsent() async throws {
        do {
            _ = try await list(prefix: "", limit: 1)
        } catch S3Error.noSuchBucket {
            try await createBucket()
        } catch let error as S3Error where error.reach == .itself {
            // Whoever may list one prefix alone may not list all: that says nothing of the bucket, and what follows will.
            return
        }
    }

    /// Source: "CreateBucket" in the S3 API reference: in us-east-1 no location may be given.
    private func createBucket() async throws {
        var request = S3Request(action: "CreateBucket", method: "PUT")
        if location.region != "us-east-1" {
            request.body = .bytes(
                Array(
                    "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><LocationConstraint>\(location.region)</LocationConstraint></CreateBucketConfiguration>"
                        .utf8))
        }
        do {
            _ = try await perform(request)
        } catch S3Error.refused(_, 409, "BucketAlreadyOwnedByYou") {
            return
        }
    }
}
