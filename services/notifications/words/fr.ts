import type { Words } from "../words.ts";

const REASONS = new Map([
	["OUT_OF_STOCK", "un article n’est plus en stock"],
	["PAYMENT_DECLINED", "le paiement a été refusé"],
	["INSPECTION", "les articles n’ont pas passé notre contrôle"],
	["REFUND_TOO_LARGE", "leur prix a déjà été remboursé"],
	["SHIPPING_FAILED", "nous ne livrons pas à cette adresse"],
	["CUSTOMER", "vous l’avez demandé"],
	["EXPIRED", "le délai de réservation des articles est dépassé"],
	["HOLD_EXPIRED", "ce qu’elle attendait n’est pas arrivé à temps"]
]);
const why = (reason: string): string => REASONS.get(reason) ?? "nous n’avons pas pu l’exécuter";

const HOLDS = {
	REVIEW: "nous l’examinons encore une fois avant de l’exécuter ; vous n’avez rien à faire",
	ADDRESS: "nous ne livrons pas à son adresse ; indiquez-nous-en une autre, ou annulez-la"
};
const waits = (heldFor: readonly (keyof typeof HOLDS)[]): string => heldFor.map(hold => HOLDS[hold]).join(" ; ");

/** French. */
export const fr: Words = {
	language: "fr",
	greeting: name => `Bonjour ${name},`,
	letters: {
		"user.created": () => ({
			subject: "Bienvenue chez Souk",
			blocks: ["Votre compte est ouvert. Nous sommes heureux de vous accueillir."],
			short: "Bienvenue chez Souk : votre compte est ouvert."
		}),
		"order.held": ({ orderId, heldFor }) => ({
			subject: "Commande en attente",
			blocks: [`Votre commande ${orderId} est en attente : ${waits(heldFor)}. Rien n’est débité d’ici là.`],
			short: `Commande ${orderId} en attente : ${waits(heldFor)}.`
		}),
		"order.confirmed": ({ orderId, items, total, currency }, money) => ({
			subject: "Confirmation de commande",
			blocks: [
				`Votre commande ${orderId} est confirmée :`,
				{ rows: items.map(item => [`${item.quantity} × ${item.name}`, money(item.total, currency)] as const) },
				`Total : ${money(total, currency)}`
			],
			short: `Commande ${orderId} confirmée : ${money(total, currency)}.`
		}),
		"order.cancelled": ({ orderId, reason }) => ({
			subject: "Commande annulée",
			blocks: [`Votre commande ${orderId} est annulée : ${why(reason)}. Ce qui a été payé vous est remboursé.`],
			short: `Commande ${orderId} annulée : ${why(reason)}.`
		}),
		"order.shipped": ({ orderId }) => ({
			subject: "Commande expédiée",
			blocks: [`Votre commande ${orderId} est en route.`],
			short: `La commande ${orderId} est en route.`
		}),
		"order.delivered": ({ orderId }) => ({
			subject: "Commande livrée",
			blocks: [`Votre commande ${orderId} a été livrée.`],
			short: `La commande ${orderId} a été livrée.`
		}),
		"payment.refunded": ({ orderId, refunded, currency }, money) => ({
			subject: "Remboursement",
			blocks: [`Nous vous avons remboursé ${money(refunded, currency)} de votre commande ${orderId}.`],
			short: `Commande ${orderId} : ${money(refunded, currency)} remboursés.`
		}),
		"return.requested": ({ returnId, orderId, items, amount, currency }, money) => ({
			subject: "Retour enregistré",
			blocks: [
				`Nous attendons le retour de ces articles de votre commande ${orderId} (retour ${returnId}) :`,
				{ rows: items.map(item => [`${item.quantity} × ${item.name}`, money(item.total, currency)] as const) },
				`Une fois contrôlés, nous vous remboursons ${money(amount, currency)}.`
			],
			short: `Retour ${returnId} de la commande ${orderId} enregistré : ${money(amount, currency)} après contrôle.`
		}),
		"return.refused": ({ returnId, orderId, refusal }) => ({
			subject: "Retour refusé",
			blocks: [`Votre retour ${returnId} de la commande ${orderId} n’a pas lieu : ${why(refusal)}.`],
			short: `Le retour ${returnId} de la commande ${orderId} n’a pas lieu : ${why(refusal)}.`
		}),
		"return.completed": ({ returnId, orderId, amount, currency }, money) => ({
			subject: "Retour terminé",
			blocks: [
				`Votre retour ${returnId} de la commande ${orderId} est terminé : ${money(amount, currency)} vous sont remboursés.`
			],
			short: `Retour ${returnId} de la commande ${orderId} terminé : ${money(amount, currency)}.`
		}),
		"task.completed": ({ taskId, task: { title } }) => ({
			subject: "Tâche terminée",
			blocks: [`La tâche « ${title} » (${taskId}) est terminée.`],
			short: `La tâche ${taskId} est terminée : ${title}`
		})
	},
	footer: { why: "Vous recevez ce message parce que vous avez un compte chez Souk.", stop: "Ne plus en recevoir" },
	page: {
		title: "Messages de Souk",
		ask: (topic, channel) => `Ne plus rien vous envoyer par ${channel} au sujet de ${topic} ?`,
		button: "Se désabonner",
		done: (topic, channel) => `Nous ne vous enverrons plus rien par ${channel} au sujet de ${topic}.`
	},
	topics: {
		account: "votre compte",
		orders: "vos commandes",
		payments: "vos paiements",
		shipments: "vos livraisons",
		tasks: "vos tâches",
		messages: "nos nouvelles"
	},
	channels: { email: "courriel", sms: "SMS", webhook: "webhook" }
};
