import java.io.BufferedWriter;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.text.SimpleDateFormat;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jsmpp.SMPPConstant;
import org.jsmpp.bean.*;
import org.jsmpp.extra.ProcessRequestException;
import org.jsmpp.session.BindRequest;
import org.jsmpp.session.BroadcastSmResult;
import org.jsmpp.session.DataSmResult;
import org.jsmpp.session.QueryBroadcastSmResult;
import org.jsmpp.session.QuerySmResult;
import org.jsmpp.session.SMPPServerSession;
import org.jsmpp.session.SMPPServerSessionListener;
import org.jsmpp.session.ServerMessageReceiverListener;
import org.jsmpp.session.Session;
import org.jsmpp.session.SubmitMultiResult;
import org.jsmpp.session.SubmitSmResult;
import org.jsmpp.util.MessageId;

/**
 * A real SMSC for one machine, on the jsmpp library: checks system id and password, joins long messages, sends delivery
 * receipts, and keeps every message.
 *
 * <pre>Smsc --dir DIR --port PORT [--system-id ID]
 * DIR/port       the port (for --port 0: a free one)
 * DIR/password   password, made at the first start (8 characters, as SMPP allows)
 * DIR/sms.jsonl  one line a whole message: time, to, from, text, parts, ids, answered (false: a part was taken without answer)
 * DIR/refused    one line a bind that was refused
 * DIR/mode       a fault to play, read at every submit: "WORD [N]", N = for the first N submits after the file changed.
 *                ok; reject (0x0b); throttle (0x58); swallow (taken, never answered); cut (taken, connection closed);
 *                receipt-first (receipt before the answer); undeliverable; no-receipt. Absent = ok.</pre>
 */
public final class Smsc implements ServerMessageReceiverListener {
    private record Part(int ref, int total, int number, String text) {}

    private static final class Joined {
        final String[] texts;
        final List<String> ids = new ArrayList<>();
        int left;
        boolean answered = true;

        Joined(int total) {
            texts = new String[total];
            left = total;
        }
    }

    private final Path dir;
    private final String systemId;
    private final String password;
    private final BufferedWriter log;
    private final String idPrefix = Integer.toHexString(new SecureRandom().nextInt()) + "-";
    private final AtomicLong nextId = new AtomicLong();
    private final Map<String, Joined> joining = new HashMap<>();
    private final ScheduledExecutorService later = Executors.newScheduledThreadPool(4);
    private String modeText = "";
    private int modeUsed;

    private Smsc(Path dir, String systemId) throws IOException {
        this.dir = dir;
        this.systemId = systemId;
        this.password = secret(dir.resolve("password"));
        this.log = Files.newBufferedWriter(dir.resolve("sms.jsonl"), StandardCharsets.UTF_8, StandardOpenOption.CREATE,
                StandardOpenOption.APPEND);
    }

    private static String secret(Path path) throws IOException {
        if (!Files.exists(path)) {
            String letters = "abcdefghijkmnpqrstuvwxyz23456789";
            StringBuilder text = new StringBuilder();
            new SecureRandom().ints(8, 0, letters.length()).forEach(i -> text.append(letters.charAt(i)));
            Files.writeString(path, text);
        }
        return Files.readString(path).strip();
    }

    /** The fault to play for this submit. */
    private synchronized String mode() {
        String text;
        try {
            text = Files.readString(dir.resolve("mode")).strip();
        } catch (IOException absent) {
            text = "ok";
        }
        if (!text.equals(modeText)) {
            modeText = text;
            modeUsed = 0;
        }
        String[] words = text.split("\\s+");
        boolean spent = words.length > 1 && modeUsed >= Integer.parseInt(words[1]);
        modeUsed++;
        return spent || words[0].isEmpty() ? "ok" : words[0];
    }

    // --- texts ---

    private static final String GSM =
            "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u001bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
            + "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
    private static final Map<Integer, Character> GSM_ESCAPED = Map.of(0x0a, '\f', 0x14, '^', 0x28, '{', 0x29, '}', 0x2f, '\\',
            0x3c, '[', 0x3d, '~', 0x3e, ']', 0x40, '|', 0x65, '€');

    private static String decode(byte[] octets, int from, byte coding) {
        if (coding == 8) {
            return new String(octets, from, octets.length - from, StandardCharsets.UTF_16BE);
        }
        StringBuilder text = new StringBuilder();
        for (int i = from; i < octets.length; i++) {
            boolean escape = octets[i] == 0x1b && i + 1 < octets.length;
            text.append(escape ? GSM_ESCAPED.getOrDefault((int) octets[++i], ' ') : (Character) GSM.charAt(octets[i] & 0x7f));
        }
        return text.toString();
    }

    private static Part part(SubmitSm pdu) {
        byte[] octets = pdu.getShortMessage();
        if ((pdu.getEsmClass() & 0x40) == 0) {
            return new Part(0, 1, 1, decode(octets, 0, pdu.getDataCoding()));
        }
        boolean concatenation = octets.length >= 6 && octets[1] == 0 && octets[2] == 3;
        if (!concatenation) {
            throw new IllegalArgumentException("unknown user data header");
        }
        return new Part(octets[3] & 0xff, octets[4] & 0xff, octets[5] & 0xff,
                decode(octets, (octets[0] & 0xff) + 1, pdu.getDataCoding()));
    }

    private static String quoted(String text) {
        StringBuilder out = new StringBuilder("\"");
        for (char c : text.toCharArray()) {
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c < 0x20) {
                out.append(String.format("\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        return out.append('"').toString();
    }

    /** Keep the part; write the message once it is whole. */
    private synchronized void keep(SubmitSm pdu, Part part, String id, boolean answered) throws IOException {
        String key = pdu.getSourceAddr() + "/" + pdu.getDestAddress() + "/" + part.ref() + "/" + part.total();
        Joined message = joining.computeIfAbsent(key, k -> new Joined(part.total()));
        message.ids.add(id);
        message.answered &= answered;
        if (message.texts[part.number() - 1] == null) {
            message.left--;
        }
        message.texts[part.number() - 1] = part.text();
        if (message.left > 0) {
            return;
        }
        joining.remove(key);
        List<String> ids = new ArrayList<>();
        message.ids.forEach(i -> ids.add(quoted(i)));
        log.write(String.format("{\"time\":%d.%03d,\"to\":%s,\"from\":%s,\"text\":%s,\"parts\":%d,\"ids\":[%s],"
                + "\"answered\":%b}%n",
                System.currentTimeMillis() / 1000, System.currentTimeMillis() % 1000, quoted(pdu.getDestAddress()),
                quoted(pdu.getSourceAddr()), quoted(String.join("", message.texts)), part.total(), String.join(",", ids),
                message.answered));
        log.flush();
    }

    // --- what a client asks ---

    private void receipt(SMPPServerSession session, SubmitSm pdu, String id, boolean delivered) {
        String date = new SimpleDateFormat("yyMMddHHmm").format(new Date());
        String text = String.format("id:%s sub:001 dlvrd:%s submit date:%s done date:%s stat:%s err:000 text:", id,
                delivered ? "001" : "000", date, date, delivered ? "DELIVRD" : "UNDELIV");
        try {
            session.deliverShortMessage("", TypeOfNumber.INTERNATIONAL, NumberingPlanIndicator.ISDN, pdu.getDestAddress(),
                    TypeOfNumber.ALPHANUMERIC, NumberingPlanIndicator.UNKNOWN, pdu.getSourceAddr(),
                    new ESMClass(MessageMode.DEFAULT, MessageType.SMSC_DEL_RECEIPT, GSMSpecificFeature.DEFAULT), (byte) 0,
                    (byte) 0, new RegisteredDelivery(0), DataCodings.ZERO, text.getBytes(StandardCharsets.US_ASCII),
                    new OptionalParameter.Message_state((byte) (delivered ? 2 : 5)),
                    new OptionalParameter.Receipted_message_id(id));
        } catch (Exception gone) {
            System.err.println("receipt not delivered: " + gone);
        }
    }

    private static ProcessRequestException refused(int status) {
        return new ProcessRequestException("as asked", status);
    }

    private static void silence(SMPPServerSession session) throws ProcessRequestException {
        Object never = new Object();
        synchronized (never) {
            while (session.getSessionState().isBound()) {
                try {
                    never.wait(200);
                } catch (InterruptedException stop) {
                    break;
                }
            }
        }
        throw refused(SMPPConstant.STAT_ESME_RSYSERR);
    }

    @Override
    public SubmitSmResult onAcceptSubmitSm(SubmitSm pdu, SMPPServerSession session) throws ProcessRequestException {
        String mode = mode();
        if (mode.equals("reject")) {
            throw refused(SMPPConstant.STAT_ESME_RINVDSTADR);
        }
        if (mode.equals("throttle")) {
            throw refused(SMPPConstant.STAT_ESME_RTHROTTLED);
        }
        String id = idPrefix + nextId.incrementAndGet();
        boolean answered = !mode.equals("swallow") && !mode.equals("cut");
        try {
            keep(pdu, part(pdu), id, answered);
        } catch (IOException | IllegalArgumentException e) {
            throw refused(SMPPConstant.STAT_ESME_RSYSERR);
        }
        if (mode.equals("swallow")) {
            silence(session);
        }
        if (mode.equals("cut")) {
            session.close();
            throw refused(SMPPConstant.STAT_ESME_RSYSERR);
        }
        boolean wanted = (pdu.getRegisteredDelivery() & 3) == 1 && !mode.equals("no-receipt");
        boolean delivered = !mode.equals("undeliverable");
        if (wanted && mode.equals("receipt-first")) {
            receipt(session, pdu, id, delivered);
        } else if (wanted) {
            later.schedule(() -> receipt(session, pdu, id, delivered), 50, TimeUnit.MILLISECONDS);
        }
        try {
            return new SubmitSmResult(new MessageId(id), new OptionalParameter[0]);
        } catch (Exception e) {
            throw refused(SMPPConstant.STAT_ESME_RSYSERR);
        }
    }

    @Override
    public SubmitMultiResult onAcceptSubmitMulti(SubmitMulti pdu, SMPPServerSession session) throws ProcessRequestException {
        throw refused(SMPPConstant.STAT_ESME_RINVCMDID);
    }

    @Override
    public QuerySmResult onAcceptQuerySm(QuerySm pdu, SMPPServerSession session) throws ProcessRequestException {
        throw refused(SMPPConstant.STAT_ESME_RINVCMDID);
    }

    @Override
    public void onAcceptReplaceSm(ReplaceSm pdu, SMPPServerSession session) throws ProcessRequestException {
        throw refused(SMPPConstant.STAT_ESME_RINVCMDID);
    }

    @Override
    public void onAcceptCancelSm(CancelSm pdu, SMPPServerSession session) throws ProcessRequestException {
        throw refused(SMPPConstant.STAT_ESME_RINVCMDID);
    }

    @Override
    public DataSmResult onAcceptDataSm(DataSm pdu, Session session) throws ProcessRequestException {
        throw refused(SMPPConstant.STAT_ESME_RINVCMDID);
    }

    @Override
    public BroadcastSmResult onAcceptBroadcastSm(BroadcastSm pdu, SMPPServerSession session) throws ProcessRequestException {
        throw refused(SMPPConstant.STAT_ESME_RINVCMDID);
    }

    @Override
    public void onAcceptCancelBroadcastSm(CancelBroadcastSm pdu, SMPPServerSession session) throws ProcessRequestException {
        throw refused(SMPPConstant.STAT_ESME_RINVCMDID);
    }

    @Override
    public QueryBroadcastSmResult onAcceptQueryBroadcastSm(QueryBroadcastSm pdu, SMPPServerSession session)
            throws ProcessRequestException {
        throw refused(SMPPConstant.STAT_ESME_RINVCMDID);
    }

    // --- life ---

    private void welcome(SMPPServerSession session) {
        try {
            BindRequest request = session.waitForBind(5000);
            boolean known = systemId.equals(request.getSystemId());
            if (known && password.equals(request.getPassword())) {
                request.accept("smsc");
                return;
            }
            request.reject(known ? SMPPConstant.STAT_ESME_RINVPASWD : SMPPConstant.STAT_ESME_RINVSYSID);
            Files.writeString(dir.resolve("refused"), request.getSystemId() + "\n", StandardOpenOption.CREATE,
                    StandardOpenOption.APPEND);
        } catch (Exception e) {
            session.close();
        }
    }

    private void serve(int port) throws IOException {
        try (SMPPServerSessionListener listener = new SMPPServerSessionListener(port)) {
            ExecutorService doors = Executors.newCachedThreadPool();
            listener.setPduProcessorDegree(20);
            listener.setMessageReceiverListener(this);
            Path ready = dir.resolve("port.new");
            Files.writeString(ready, port + "\n");
            Files.move(ready, dir.resolve("port"), StandardCopyOption.REPLACE_EXISTING);
            System.out.println("SMPP on 127.0.0.1:" + port);
            while (true) {
                SMPPServerSession session = listener.accept();
                doors.execute(() -> welcome(session));
            }
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    public static void main(String[] args) throws IOException {
        Map<String, String> options = new HashMap<>(Map.of("--system-id", "platform", "--port", "0"));
        for (int i = 0; i + 1 < args.length; i += 2) {
            options.put(args[i], args[i + 1]);
        }
        Path dir = Path.of(options.get("--dir"));
        Files.createDirectories(dir);
        int port = Integer.parseInt(options.get("--port"));
        new Smsc(dir, options.get("--system-id")).serve(port == 0 ? freePort() : port);
    }
}
