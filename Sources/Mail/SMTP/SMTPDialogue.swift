import CLibCurl
import Foundation
import Synchronization

/// One libcurl handle with, at most, one connection to one server, which the next mail uses again. Used by one thread at a time.
final class SMTPDialogue {
    let server: SMTPServer
    /// When it last ended a dialogue: a connection that idled long is closed by the server anyway.
    private(set) var lastUse = ContinuousClock.now
    private let easy: UnsafeMutableRawPointer
    private let mayConnect: @Sendable (String) -> Bool
    private let complaint = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))

    /// The mail that is being sent.
    private var mail: [UInt8] = []
    private var offset = 0
    private var record = DialogueRecord(size: 0)
    private var refusedAddress: String?
    /// It was not handed over.
    private var isKept = false
    private var order: SMTPOrder?

    init(_ server: SMTPServer, mayConnect: @escaping @Sendable (String) -> Bool) {
        Self.prepareLibrary
        // It fails only when memory is exhausted.
        guard let easy = curl_easy_init() else { fatalError("libcurl could not make a handle") }
        self.easy = easy
        self.server = server
        self.mayConnect = mayConnect
        configure()
    }

    deinit {
        // libcurl says goodbye and would wait two minutes for the answer; a socket that reads no more ends that wait at once.
        let socket = curl_get_socket(easy)
        if socket >= 0 { shutdown(socket, Int32(SHUT_RD)) }
        curl_easy_cleanup(easy)
        complaint.deallocate()
    }

    /// Sends one mail and waits for what becomes of it. Blocks the thread.
    func send(_ order: SMTPOrder) -> Delivery {
        let first = attempt(order)
        // A connection that idled may have been closed by the server; that says nothing about the mail, as long as none of it was sent.
        guard case .retry(let setback) = first, curl_get_number(easy, CURLINFO_NUM_CONNECTS) == 0, setback.stage <= .sender,
            setback.reply == nil || setback.reply?.code == 421, !order.isCalledOff
        else { return first }
        curl_set_number(easy, CURLOPT_FRESH_CONNECT, 1)
        defer { curl_set_number(easy, CURLOPT_FRESH_CONNECT, 0) }
        return attempt(order)
    }

    private func attempt(_ order: SMTPOrder) -> Delivery {
        let recipients = curl_slist_append(nil, "<\(order.recipient)>")
        defer { curl_slist_free_all(recipients) }
        curl_set_text(easy, CURLOPT_MAIL_FROM, "<\(order.sender)>")
        curl_set_list(easy, CURLOPT_MAIL_RCPT, recipients)
        // A server that announces a largest size then refuses before it has to read (RFC 1870).
        curl_set_size(easy, CURLOPT_INFILESIZE_LARGE, curl_off_t(order.mail.count))
        curl_set_number(easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, max(1, server.dialogueTime.components.seconds).asLong)
        mail = order.mail
        offset = 0
        record = DialogueRecord(size: mail.count)
        refusedAddress = nil
        isKept = false
        complaint[0] = 0
        self.order = order
        let result = curl_easy_perform(easy)
        self.order = nil
        mail = []
        lastUse = .now
        if [CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_USE_SSL_FAILED, CURLE_SSL_CACERT_BADFILE].contains(result) {
            record.failsToEncrypt()
        }
        if isKept { return .retry(.notHandedOver) }
        return record.delivery(trouble: result == CURLE_OK ? nil : trouble(result, order))
    }

    private func trouble(_ result: CURLcode, _ order: SMTPOrder) -> String {
        if order.isCalledOff { return "It was called off." }
        if let refusedAddress { return "\(server.host) stands at \(refusedAddress), in a network that mail may not go to." }
        let words = String(cString: complaint)
        return OneLine.of(words.isEmpty ? String(cString: curl_easy_strerror(result)) : words)
    }

    private func configure() {
        curl_set_text(easy, CURLOPT_URL, server.url)
        curl_set_text(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps")
        // The environment's proxies are meant for others.
        curl_set_text(easy, CURLOPT_PROXY, "")
        curl_set_number(easy, CURLOPT_NOSIGNAL, 1)
        curl_set_number(easy, CURLOPT_UPLOAD, 1)
        curl_set_number(easy, CURLOPT_MAXCONNECTS, 1)
        curl_set_number(easy, CURLOPT_CONNECTTIMEOUT_MS, server.connectTime.milliseconds)
        curl_set_number(easy, CURLOPT_TIMEOUT_MS, server.dialogueTime.milliseconds)
        curl_set_number(easy, CURLOPT_USE_SSL, server.security == .none ? Int(CURLUSESSL_NONE.rawValue) : Int(CURLUSESSL_ALL.rawValue))
        curl_set_number(easy, CURLOPT_SSL_VERIFYPEER, 1)
        curl_set_number(easy, CURLOPT_SSL_VERIFYHOST, 2)
        curl_set_number(easy, CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        if let authorities = server.authorities { curl_set_text(easy, CURLOPT_CAINFO, authorities) }
        if let username = server.username {
            curl_set_text(easy, CURLOPT_USERNAME, username)
            curl_set_text(easy, CURLOPT_PASSWORD, server.password ?? "")
        }
        listen()
    }

    /// libcurl calls these during `perform`, on the same thread, while this object is held by whoever called `send`.
    private func listen() {
        let this = Unmanaged.passUnretained(self).toOpaque()
        curl_set_pointer(easy, CURLOPT_ERRORBUFFER, complaint)
        curl_set_pointer(easy, CURLOPT_READDATA, this)
        curl_set_mover(easy, CURLOPT_READFUNCTION) { buffer, size, count, this in
            guard let buffer, let dialogue = SMTPDialogue.at(this) else { return 0 }
            return dialogue.give(UnsafeMutableRawBufferPointer(start: buffer, count: size * count))
        }
        curl_set_number(easy, CURLOPT_VERBOSE, 1)
        curl_set_pointer(easy, CURLOPT_DEBUGDATA, this)
        curl_set_debugger(easy) { _, kind, bytes, count, this in
            guard let bytes, let dialogue = SMTPDialogue.at(this) else { return 0 }
            dialogue.note(kind, UnsafeRawBufferPointer(start: bytes, count: count))
            return 0
        }
        curl_set_pointer(easy, CURLOPT_OPENSOCKETDATA, this)
        curl_set_opener(easy) { this, _, address in
            guard let address, let dialogue = SMTPDialogue.at(this) else { return CURL_SOCKET_BAD }
            return dialogue.open(address)
        }
        curl_set_number(easy, CURLOPT_NOPROGRESS, 0)
        curl_set_pointer(easy, CURLOPT_XFERINFODATA, this)
        curl_set_progress(easy) { this, _, _, _, _ in SMTPDialogue.at(this)?.order?.isCalledOff == true ? 1 : 0 }
    }

    private static func at(_ pointer: UnsafeMutableRawPointer?) -> SMTPDialogue? {
        pointer.map { Unmanaged<SMTPDialogue>.fromOpaque($0).takeUnretainedValue() }
    }

    private func give(_ room: UnsafeMutableRawBufferPointer) -> Int {
        // libcurl asks for the first part when the server has answered DATA with 354.
        if offset == 0, order?.mayLeave() != true {
            isKept = true
            return Int(CURL_READFUNC_ABORT)
        }
        let count = min(room.count, mail.count - offset)
        room.copyBytes(from: mail[offset..<offset + count])
        offset += count
        return count
    }

    private func note(_ kind: curl_infotype, _ bytes: UnsafeRawBufferPointer) {
        switch kind {
        case CURLINFO_HEADER_OUT:
            let line = String(decoding: bytes.prefix(8), as: UTF8.self)
            // The outcome is known by then: the answer to a goodbye is not worth a wait.
            if line.hasPrefix("QUIT") { curl_set_number(easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, 1) }
            record.says(line)
        case CURLINFO_HEADER_IN: record.hears(String(decoding: bytes, as: UTF8.self))
        case CURLINFO_DATA_OUT: record.sends(bytes.count)
        default: break
        }
    }

    /// Asked with the address that was looked up, just before it is connected to: a name that changes its mind between two look-ups
    /// leads nowhere.
    private func open(_ address: UnsafeMutablePointer<curl_sockaddr>) -> curl_socket_t {
        record.dials()
        let text = withUnsafePointer(to: &address.pointee.addr) { SocketAddress.text(of: $0, length: address.pointee.addrlen) }
        guard let text, mayConnect(text) else {
            refusedAddress = text ?? "an unknown kind of address"
            return CURL_SOCKET_BAD
        }
        return socket(address.pointee.family, address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue), address.pointee.protocol)
    }

    private static let prepareLibrary: Void = {
        curl_global_init(Int(CURL_GLOBAL_DEFAULT))
    }()
}

extension Duration {
    fileprivate var milliseconds: Int { Int(components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000) }
}

extension Int64 {
    fileprivate var asLong: Int { Int(self) }
}
