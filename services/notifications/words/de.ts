import type { Words } from "../words.ts";

const REASONS = new Map([
	["OUT_OF_STOCK", "etwas davon ist nicht mehr vorrätig"],
	["PAYMENT_DECLINED", "die Zahlung wurde abgelehnt"],
	["INSPECTION", "die Ware hat unsere Prüfung nicht bestanden"],
	["REFUND_TOO_LARGE", "ihr Preis wurde schon erstattet"],
	["SHIPPING_FAILED", "an diese Adresse liefern wir nicht"],
	["CUSTOMER", "Sie haben darum gebeten"],
	["EXPIRED", "es hat länger gedauert, als wir die Ware zurücklegen konnten"],
	["HOLD_EXPIRED", "worauf sie wartete, kam nicht rechtzeitig"]
]);
const why = (reason: string): string => REASONS.get(reason) ?? "wir konnten sie nicht ausführen";

const HOLDS = {
	REVIEW: "wir sehen sie uns noch einmal an, bevor wir sie ausführen; Sie brauchen nichts zu tun",
	ADDRESS: "an ihre Adresse liefern wir nicht; bitte nennen Sie uns eine andere, oder stornieren Sie"
};
const waits = (heldFor: readonly (keyof typeof HOLDS)[]): string => heldFor.map(hold => HOLDS[hold]).join("; ");

/** German. */
export const de: Words = {
	language: "de",
	greeting: name => `Guten Tag ${name},`,
	letters: {
		"user.created": () => ({
			subject: "Willkommen bei Souk",
			blocks: ["Ihr Konto ist eröffnet. Wir freuen uns, dass Sie da sind."],
			short: "Willkommen bei Souk: Ihr Konto ist eröffnet."
		}),
		"order.held": ({ orderId, heldFor }) => ({
			subject: "Bestellung angehalten",
			blocks: [`Ihre Bestellung ${orderId} wartet: ${waits(heldFor)}. Solange wird nichts dafür abgebucht.`],
			short: `Bestellung ${orderId} wartet: ${waits(heldFor)}.`
		}),
		"order.confirmed": ({ orderId, items, total, currency }, money) => ({
			subject: "Bestellbestätigung",
			blocks: [
				`Ihre Bestellung ${orderId} ist bestätigt:`,
				{ rows: items.map(item => [`${item.quantity} × ${item.name}`, money(item.total, currency)] as const) },
				`Summe: ${money(total, currency)}`
			],
			short: `Bestellung ${orderId} bestätigt: ${money(total, currency)}.`
		}),
		"order.cancelled": ({ orderId, reason }) => ({
			subject: "Bestellung storniert",
			blocks: [`Ihre Bestellung ${orderId} ist storniert: ${why(reason)}. Was dafür bezahlt wurde, erstatten wir.`],
			short: `Bestellung ${orderId} storniert: ${why(reason)}.`
		}),
		"order.shipped": ({ orderId }) => ({
			subject: "Bestellung versandt",
			blocks: [`Ihre Bestellung ${orderId} ist unterwegs.`],
			short: `Bestellung ${orderId} ist unterwegs.`
		}),
		"order.delivered": ({ orderId }) => ({
			subject: "Bestellung zugestellt",
			blocks: [`Ihre Bestellung ${orderId} wurde zugestellt.`],
			short: `Bestellung ${orderId} wurde zugestellt.`
		}),
		"payment.refunded": ({ orderId, refunded, currency }, money) => ({
			subject: "Erstattung",
			blocks: [`Wir haben Ihnen ${money(refunded, currency)} Ihrer Bestellung ${orderId} erstattet.`],
			short: `Bestellung ${orderId}: ${money(refunded, currency)} erstattet.`
		}),
		"return.requested": ({ returnId, orderId, items, amount, currency }, money) => ({
			subject: "Rückgabe angemeldet",
			blocks: [
				`Wir erwarten diese Artikel Ihrer Bestellung ${orderId} zurück (Rückgabe ${returnId}):`,
				{ rows: items.map(item => [`${item.quantity} × ${item.name}`, money(item.total, currency)] as const) },
				`Sobald wir sie geprüft haben, erstatten wir ${money(amount, currency)}.`
			],
			short: `Rückgabe ${returnId} zu Bestellung ${orderId} angemeldet: ${money(amount, currency)} nach der Prüfung.`
		}),
		"return.refused": ({ returnId, orderId, refusal }) => ({
			subject: "Rückgabe abgelehnt",
			blocks: [`Ihre Rückgabe ${returnId} zu Bestellung ${orderId} findet nicht statt: ${why(refusal)}.`],
			short: `Rückgabe ${returnId} zu Bestellung ${orderId} findet nicht statt: ${why(refusal)}.`
		}),
		"return.completed": ({ returnId, orderId, amount, currency }, money) => ({
			subject: "Rückgabe abgeschlossen",
			blocks: [
				`Ihre Rückgabe ${returnId} zu Bestellung ${orderId} ist abgeschlossen: ${money(amount, currency)} sind unterwegs zu Ihnen.`
			],
			short: `Rückgabe ${returnId} zu Bestellung ${orderId} abgeschlossen: ${money(amount, currency)}.`
		}),
		"task.completed": ({ taskId, task: { title } }) => ({
			subject: "Aufgabe erledigt",
			blocks: [`Die Aufgabe „${title}“ (${taskId}) ist erledigt.`],
			short: `Aufgabe ${taskId} ist erledigt: ${title}`
		})
	},
	footer: { why: "Sie bekommen diese Mail, weil Sie ein Konto bei Souk haben.", stop: "Solche Mails abbestellen" },
	page: {
		title: "Nachrichten von Souk",
		ask: (topic, channel) => `Sollen wir Ihnen zu ${topic} nichts mehr per ${channel} schicken?`,
		button: "Abbestellen",
		done: (topic, channel) => `Zu ${topic} schicken wir Ihnen nichts mehr per ${channel}.`
	},
	topics: {
		account: "Ihrem Konto",
		orders: "Ihren Bestellungen",
		payments: "Ihren Zahlungen",
		shipments: "Ihren Lieferungen",
		tasks: "Ihren Aufgaben",
		messages: "unseren Neuigkeiten"
	},
	channels: { email: "E-Mail", sms: "SMS", webhook: "Webhook" }
};
