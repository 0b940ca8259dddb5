import { Refusal } from "../../broker/errors.ts";

/** There never was such a product, or it was taken out of the catalogue. */
export class ProductNotFound extends Refusal {
	constructor(id: number) {
		super(`There is no product ${id}`, 404, "PRODUCT_NOT_FOUND", { id });
	}
}
