import { Refusal } from "../../broker/errors.ts";

/** There never was such a product, or it was taken out of the catalogue. */
export class ProductNotFound extends Refusal {
	constructor(id: number) {
		super(`There is no product ${id}`, 404, "PRODUCT_NOT_FOUND", { id });
	}
}

export class ProductCategoryNotFound extends Refusal {
	constructor(id: number) {
		super(`There is no product category ${id}`, 404, "PRODUCT_CATEGORY_NOT_FOUND", { id });
	}
}

/** Another category has that name, or one that reads the same. */
export class ProductCategoryExists extends Refusal {
	constructor(name: string) {
		super(`There is a product category called ${name} already`, 409, "PRODUCT_CATEGORY_EXISTS", { name });
	}
}

/** Products are in the category; they are put elsewhere first. */
export class ProductCategoryInUse extends Refusal {
	constructor(id: number) {
		super(`Products are in category ${id}`, 409, "PRODUCT_CATEGORY_IN_USE", { id });
	}
}

/** This batch of this file was imported with other lines: a file has the same batches each time it is sent. */
export class ImportDiffers extends Refusal {
	constructor(source: string, batch: number) {
		super(`Batch ${batch} of ${source} was imported with other lines`, 409, "IMPORT_DIFFERS", { source, batch });
	}
}
