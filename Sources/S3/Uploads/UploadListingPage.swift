// SPDX-License-Identifier: Apache-2.0

import HTTPTransport
import XML

/// One upload in a listing of those that are open.
struct ListedUpload: Hashable {
    let key: String
    let id: String
    /// When it began, in seconds since 1970 by the store's clock; nil: the store does not say so.
    let initiated: Int64?
}

/// One answer to ListMultipartUploads.
struct UploadListingPage {
    /// What to ask the next page with.
    struct Marker: Hashable {
        let key: String
        let id: String
    }

    private(set) var uploads: [ListedUpload] = []
    /// nil: this was the last.
    let next: Marker?

    init(_ response: HTTPResponse) throws(AttemptFault) {
        let tree = try response.xml("ListMultipartUploadsResult")
        let fault = { (reason: String) in
            AttemptFault.malformed(reason: reason, requestID: response.header("x-amz-request-id"))
        }
        let isEncoded = tree["EncodingType"] == "url"
        let decoded = { (text: String) in isEncoded ? PercentEncoding.decoded(text) : text }
        for entry in tree.all("Upload") {
            guard let key = entry["Key"].flatMap(decoded), let id = entry["UploadId"] else {
                throw fault("an upload in the listing without key or id")
            }
            uploads.append(
                ListedUpload(
                    key: key, id: id, initiated: entry["Initiated"].flatMap(ListingDate.secondsSince1970)))
        }
        guard tree["IsTruncated"] == "true" else {
            next = nil
            return
        }
        // SeaweedFS leaves the markers empty: it goes on behind the last upload that it listed.
        let named = tree["NextKeyMarker"].flatMap(decoded) ?? ""
        let marker =
            named.isEmpty
            ? uploads.last.map { Marker(key: $0.key, id: $0.id) }
            : Marker(key: named, id: tree["NextUploadIdMarker"] ?? "")
        guard let marker else { throw fault("a listing that goes on without saying where") }
        next = marker
    }
}
