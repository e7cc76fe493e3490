// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat

/// The name of one cluster-wide backup: Amanda's datestamp, the same on every node, in the local time of the coordinator
/// that began it. Amanda's own names are local time too, and it sorts its tapelist by them.
public typealias RunName = Datestamp
