// SPDX-License-Identifier: Apache-2.0

import Faults
import NearestName

/// Reads the lines of an `amanda.conf` and of what it includes, and goes on after every fault.
///
/// Source: Amanda 3.5.1 `common-src/conffile.c`, `read_confline`, `read_block`.
struct ConfigurationParser {
    /// Reads an included file's bytes; its path is absolute or starts with the configuration's directory.
    typealias Include = (_ path: String) throws -> [UInt8]

    static let greatestIncludeDepth = 16
    /// Files that are read in all, each as often as it is included: two in each of two, sixteen deep, are 65,536.
    static let greatestFileCount = 1_000

    var document: ConfigurationDocument
    var faults: [ConfigurationFault] = []
    /// Definitions within definitions get names of their own.
    var anonymousCount = 0
    var lines: ArraySlice<ConfigurationLine> = []
    var file: String
    /// What may stand between the braces that are open, the innermost last.
    var openTables: [ParameterTable] = []
    private let directory: String
    private let include: Include
    private var openFiles: [String] = []
    private var fileCount = 0
    private var order = ReadingOrder()

    init(file: String, directory: String, include: @escaping Include) {
        self.file = file
        self.directory = directory
        self.include = include
        document = ConfigurationDocument(file: file)
    }

    /// All faults so far, in the order of the lines.
    var orderedFaults: [ConfigurationFault] { order.sorted(faults) }

    /// - Parameter line: the one that includes the file.
    mutating func read(_ bytes: [UInt8], file name: String, includedAt line: Int? = nil) {
        let (savedLines, savedFile) = (lines, file)
        order.note(name, in: file, at: line)
        openFiles.append(name)
        fileCount += 1
        file = name
        let text = AmandaText(bytes, file: name)
        if let fault = text.fault {
            faults.append(fault)
            if text.bytes.isEmpty { document.losses.hasUnreadFile = true }
        }
        let (read, spelling, hidden) = ConfigurationLexer.lines(of: text.bytes, file: name)
        faults += spelling
        document.hidden += hidden
        lines = read[...]
        noteDefinitions()
        while let line = lines.popFirst() {
            readStatement(line)
        }
        openFiles.removeLast()
        (lines, file) = (savedLines, savedFile)
    }

    func place(_ line: ConfigurationLine) -> FaultPlace {
        FaultPlace(file: file, line: line.number)
    }

    mutating func fault(_ line: ConfigurationLine, _ what: String, hint: String? = nil) {
        faults.append(ConfigurationFault(place(line), what, hint: hint))
    }

    /// Remembers all definitions of a file before they are read.
    private mutating func noteDefinitions() {
        for line in lines where line.tokens.count > 2 {
            guard line.tokens[0].isWord("define"),
                case .word(let keyword) = line.tokens[1], let kind = DefinitionKind(keyword: keyword),
                let name = line.tokens[2].name
            else { continue }
            document.laterNames[kind, default: []].append((name, place(line)))
        }
    }

    mutating func readStatement(_ line: ConfigurationLine) {
        guard case .word(let word) = line.tokens[0] else { return readNoStatement(line) }
        switch canonicalKeyword(word) {
        case "includefile":
            readInclude(line)
        case "define":
            readDefinition(line)
        case "holdingdisk" where line.opens || beginsHoldingDisk():
            readHoldingDisk(line)
        case "holdingdisk":
            useHoldingDisks(line)
        default:
            if line.opens, readUndefined(word, line) { return }
            if let parameter = ParameterTable.global.parameter(word) {
                // Taken out meanwhile: a copy of all that is set so far would be made for each line.
                var global = ConfigurationBlock(nil, name: "", place: document.global.place)
                swap(&global, &document.global)
                read(parameter, line, into: &global)
                swap(&global, &document.global)
            } else {
                unknownKeyword(word, line)
            }
        }
    }

    private mutating func readNoStatement(_ line: ConfigurationLine) {
        if line.closes {
            fault(line, "this '}' closes nothing")
        } else if !line.isDamaged {
            fault(line, "a line must begin with a keyword, found \(line.tokens[0].text)")
        }
    }

    /// Reads a parameter's value and notes where it was set. The last one counts, as in Amanda.
    mutating func read(
        _ parameter: Parameter, _ line: ConfigurationLine, into block: inout ConfigurationBlock
    ) {
        var reader = ParameterReader(parameter, place: place(line), tokens: line.tokens.dropFirst())
        do {
            let value = try reader.value(current: block.value(parameter.name))
            if case .scripts = parameter.kind, case .names(let new) = value,
                case .names(let old) = block.value(parameter.name)
            {
                set(parameter, .names(new.reversed() + old), line, in: &block)  // `finish` sorts them
            } else {
                set(parameter, value, line, in: &block)
            }
            checkReferences(of: parameter, value, line, in: &block)
        } catch {
            if block.kind == nil { document.losses.lose(parameter: parameter.name) }
            if !line.isDamaged { fault(line, error.what, hint: error.hint) }
            if line.opens, closedCount(ahead: lines) > openTables.count { skipBlock(line) }
        }
    }

    func set(
        _ parameter: Parameter, _ value: ParameterValue, _ line: ConfigurationLine,
        in block: inout ConfigurationBlock
    ) {
        block.settings[parameter.name] = .init(value: value, place: place(line))
        block.ownParameters.append((parameter.name, place(line)))
    }

    private mutating func unknownKeyword(_ word: String, _ line: ConfigurationLine) {
        let globals = ParameterTable.global.parameters.map(\.name) + ["includefile", "define"]
        let nearest = nearestName(to: canonicalKeyword(word), among: globals)
        if nearest == "includefile" { document.losses.hasUnreadFile = true }
        nearest.map { document.losses.lose(parameter: $0) }
        var hint = nearest.map { "write '\($0)'." }
        let kinds = DefinitionKind.allCases.filter { $0.table.parameter(word) != nil }.map(\.rawValue)
        if !kinds.isEmpty { hint = "it belongs between the braces of a \(kinds.joined(separator: " or "))." }
        if let kind = DefinitionKind(keyword: word) { hint = "write 'define \(kind.rawValue)'." }
        fault(line, "unknown keyword '\(word)'", hint: hint)
        if line.opens { skipBlock(line) }
    }

    static let tooManyFiles =
        "more than \(greatestFileCount) files are included, the same one perhaps again and again"

    private mutating func readInclude(_ line: ConfigurationLine) {
        guard line.tokens.count == 2, case .string(let name) = line.tokens[1] else {
            document.losses.hasUnreadFile = true
            guard !line.isDamaged else { return }
            return fault(line, "'includefile' must be one file name in double quotes")
        }
        let path = name.hasPrefix("/") ? name : "\(directory)/\(name)"
        guard !openFiles.contains(path) else {
            return fault(line, "'\(path)' includes itself", hint: "remove this line.")
        }
        guard openFiles.count < Self.greatestIncludeDepth else {
            document.losses.hasUnreadFile = true
            return fault(line, "more than \(Self.greatestIncludeDepth) files include one another")
        }
        guard fileCount < Self.greatestFileCount else {
            document.losses.hasUnreadFile = true
            return fault(line, Self.tooManyFiles)
        }
        do {
            read(try include(path), file: path, includedAt: line.number)
        } catch {
            document.losses.hasUnreadFile = true
            if !line.isDamaged { faults.append(.unreadable(path, place(line), error)) }
        }
    }
}

extension ConfigurationFault {
    /// An included file that cannot be read.
    static func unreadable(_ path: String, _ place: FaultPlace, _ cause: any Error) -> ConfigurationFault {
        let fault = cause as? any Fault
        return ConfigurationFault(
            place, "cannot read the included file '\(path)': \(fault?.headline ?? "\(cause)")",
            hint: fault?.hint, kind: fault?.kind ?? .configuration)
    }
}

extension ConfigurationToken {
    /// A word or a string.
    var name: String? {
        switch self {
        case .word(let name), .string(let name): name
        default: nil
        }
    }
}
